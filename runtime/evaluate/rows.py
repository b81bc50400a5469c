"""The rows of an evaluation: what a head or a baseline answered, and its figures on any part of the examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sess.compiler.plans import MetricPlan
from sess.runtime.evaluate.bootstrap import Figure, interval, means, resamples
from sess.runtime.evaluate.ranking import Popularity, coverage, largest, per_session, ranks
from sess.runtime.evaluate.scalar import Auc, logloss, squared_error

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINARY = (MetricPlan("auc", None), MetricPlan("logloss", None))
REGRESSION = (MetricPlan("rmse", None),)
RANKING = frozenset(
    {"recall", "hit", "ndcg", "mrr", "map", "precision", "coverage", "novelty", "popularity_bias"}
)  # fmt: skip


class Row(Protocol):
    """What one head or baseline answered to all examples."""

    def figures(self, places: Ints, seed: int) -> dict[str, Figure]:
        """Return the figures on the examples at these places, by the metrics' words."""

    def value(self, metric: MetricPlan) -> float:
        """Return one metric on all examples, without an interval."""


@dataclass(frozen=True, slots=True)
class RankingRow:
    """The first codes (n, k) and the codes that really came (n,)."""

    codes: NDArray[np.generic]
    targets: NDArray[np.generic]
    metrics: tuple[MetricPlan, ...]
    popularity: Popularity

    def figures(self, places: Ints, seed: int) -> dict[str, Figure]:
        """Return the figures on the examples at these places, by the metrics' words."""
        codes = self.codes[places]
        rank = ranks(codes, self.targets[places])
        values = {str(metric): per_session(metric, codes, rank, self.popularity) for metric in self.metrics}
        averaged = {name: column for name, column in values.items() if column is not None}
        tops = {str(metric): largest(metric, codes) for metric in self.metrics}
        most = np.array([tops[name] for name in averaged])
        found = means(np.stack(list(averaged.values()), axis=1), seed, most) if averaged else ()
        figures = dict(zip(averaged, found, strict=True))
        return {str(metric): figures.get(str(metric)) or self._of_set(metric, codes) for metric in self.metrics}

    def value(self, metric: MetricPlan) -> float:
        """Return one metric on all examples, without an interval."""
        values = per_session(metric, self.codes, ranks(self.codes, self.targets), self.popularity)
        if values is None:
            return self._of_set(metric, self.codes).value or 0.0
        return float(values.mean())

    def _of_set(self, metric: MetricPlan, codes: NDArray[np.generic]) -> Figure:
        """Return coverage: resamples of sessions would always cover less, so it has no interval."""
        return Figure(coverage(codes, metric.cutoff, len(self.popularity.clicks)) if len(codes) else None)


@dataclass(frozen=True, slots=True)
class ScalarRow:
    """The scores (n,) of a binary (probabilities) or regression head, and the numbers that really came (n,)."""

    scores: Floats
    targets: Floats
    metrics: tuple[MetricPlan, ...]

    def figures(self, places: Ints, seed: int) -> dict[str, Figure]:
        """Return the figures on the examples at these places, by the metrics' words."""
        if not len(places):
            return {str(metric): Figure(None) for metric in self.metrics}
        return {str(metric): self._figure(metric, places, seed) for metric in self.metrics}

    def value(self, metric: MetricPlan) -> float:
        """Return one metric on all examples, without an interval."""
        everyone = np.arange(len(self.scores))
        return self._statistic(metric, everyone)(np.ones(len(everyone)))

    def _figure(self, metric: MetricPlan, places: Ints, seed: int) -> Figure:
        statistic = self._statistic(metric, places)
        value = statistic(np.ones(len(places)))
        found = interval([statistic(weights) for weights in resamples(len(places), seed)])
        return Figure(None) if np.isnan(value) or found is None else Figure(value, *found)

    def _statistic(self, metric: MetricPlan, places: Ints) -> Callable[[Floats], float]:
        """Return the metric as a function of the sessions' weights."""
        scores, targets = self.scores[places], self.targets[places]
        match metric.name:
            case "auc":
                return Auc(scores, targets).area
            case "logloss":
                losses = logloss(scores, targets)
                return lambda weights: float(weights @ losses / weights.sum())
            case _:
                errors = squared_error(scores, targets)
                return lambda weights: sqrt(float(weights @ errors / weights.sum()))


def ranking_metrics(metrics: tuple[MetricPlan, ...]) -> tuple[MetricPlan, ...]:
    """Return the metrics that a ranking head has."""
    return tuple(metric for metric in metrics if metric.name in RANKING)


def scalar_metrics(metrics: tuple[MetricPlan, ...], block: str) -> tuple[MetricPlan, ...]:
    """Return the metrics of a head of this block: those asked for, or all it has if none was."""
    natural = BINARY if block == "binary" else REGRESSION
    return tuple(metric for metric in natural if metric in metrics) or natural
