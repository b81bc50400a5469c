"""`last_item_knn`: the items that share most training sessions with the last one (item-kNN, Sarwar et al. 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sess.compiler.block import Keras, OneColumn, Site
from sess.compiler.prediction import BaselineBlock, LoweredBaseline
from sess.compiler.types import Head


@dataclass(frozen=True, slots=True)
class LastItemKnnParams:
    """`last_item_knn(target, k=100)`: the k items nearest to the last one by the cosine of their sessions."""

    target: OneColumn | None = None
    k: int = 100


class LastItemKnn(BaselineBlock[LastItemKnnParams]):
    """Behind the neighbours comes what is popular, below 0."""

    name = "last_item_knn"

    def check(self, site: Site, params: LastItemKnnParams) -> Head | None:
        """Return a ranking head."""
        site.require(params.k >= 1, "k", "must be at least 1")
        return self.head(site, params.target)

    def lower(self, keras: Keras, params: LastItemKnnParams) -> LoweredBaseline:
        """Return the cosines as scores."""
        return LoweredBaseline(partial(keras.session.fit_cosines, k=params.k), keras.session.score_cosines)
