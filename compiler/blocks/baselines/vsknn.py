"""`vsknn`: what the training sessions hold that are most like this one (V-SKNN, Ludewig & Jannach 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sess.compiler.block import Keras, KerasTensor, OneColumn, Site
from sess.compiler.prediction import BaselineBlock, LoweredBaseline
from sess.compiler.types import Head


@dataclass(frozen=True, slots=True)
class VsknnParams:
    """`vsknn(target, k=100, sample=1000)`: the k nearest of the `sample` newest sessions that share an item."""

    target: OneColumn | None = None
    k: int = 100
    sample: int = 1000


class Vsknn(BaselineBlock[VsknnParams]):
    """Likeness is the product of the session, where the i-th of L steps weighs i / L, and the other one's items."""

    name = "vsknn"

    def check(self, site: Site, params: VsknnParams) -> Head | None:
        """Return a ranking head."""
        site.require(params.k >= 1, "k", "must be at least 1")
        site.require(params.sample >= params.k, "sample", f"must be at least k, {params.k}")
        return self.head(site, params.target)

    def lower(self, keras: Keras, params: VsknnParams) -> LoweredBaseline:
        """Return the sum of the likeness of the neighbours that hold an item as its score."""
        ops, session = keras.ops, keras.session

        def scores(fitted: Mapping[str, KerasTensor], items: KerasTensor) -> KerasTensor:
            steps = session.last_places(items)
            # Divided by L last: sums of whole numbers have no rounding that could order neighbours another way.
            found = session.find_neighbours(fitted, steps, ops.cast(steps.place, "float32"), params.sample)
            sums = session.spread(fitted, found, found.likeness, found.likeness, params.k, steps.rows, None)  # (B, N)
            return ops.where(sums > 0, sums / ops.cast(steps.length, "float32")[:, None], sums)

        return LoweredBaseline(partial(session.fit_sessions, sample=params.sample), scores)
