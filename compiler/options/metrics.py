"""The metrics of `evaluate { metrics = … }`, `ndcg@10` or `auc`."""

from __future__ import annotations

from typing import ClassVar

from sess.compiler.block import Entry, Kind, NoParams


class Metric(Entry[NoParams]):
    """A figure of an evaluation; a ranking metric has a cutoff."""

    kind = Kind.METRIC
    Params = NoParams
    is_ranking: ClassVar[bool] = True


class Recall(Metric):
    """The share of sessions whose next item is among the first k."""

    name = "recall"


class Hit(Metric):
    """The same as recall where one item is relevant."""

    name = "hit"


class Ndcg(Metric):
    """The discounted gain of the next item's rank, 0 below k."""

    name = "ndcg"


class Mrr(Metric):
    """The reciprocal rank of the next item, 0 below k."""

    name = "mrr"


class Map(Metric):
    """The mean average precision at k."""

    name = "map"


class Precision(Metric):
    """The share of the first k items that are relevant."""

    name = "precision"


class Coverage(Metric):
    """The share of the catalogue that is recommended to anyone."""

    name = "coverage"


class Novelty(Metric):
    """The mean self-information of what is recommended."""

    name = "novelty"


class PopularityBias(Metric):
    """The mean popularity of what is recommended."""

    name = "popularity_bias"


class Auc(Metric):
    """The area under the curve of a binary head."""

    name = "auc"
    is_ranking = False


class Logloss(Metric):
    """The cross-entropy of a binary head."""

    name = "logloss"
    is_ranking = False


class Rmse(Metric):
    """The root of the mean squared error of a regression head."""

    name = "rmse"
    is_ranking = False
