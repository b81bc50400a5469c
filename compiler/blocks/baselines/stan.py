"""`stan`: neighbours by order and age of what they share (Sequence and Time Aware Neighborhood, Garg et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sess.compiler.block import Keras, KerasTensor, Microseconds, OneColumn, Site
from sess.compiler.prediction import BaselineBlock, LoweredBaseline
from sess.compiler.types import Head

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class StanParams:
    """`stan(target, k=500, sample=2500, order=1.02, recency=5d, distance=2.05)`: how fast a step of the session, the
    age of a neighbour and the distance from the shared item fade: λ1 in steps, λ2, λ3 in steps.
    """

    target: OneColumn | None = None
    k: int = 500
    sample: int = 2500
    order: float = 1.02
    recency: Microseconds = Microseconds(5 * _DAY)
    distance: float = 2.05


class Stan(BaselineBlock[StanParams]):
    """A neighbour's age counts from the end of training: the session's own time would scale all its scores alike."""

    name = "stan"

    def check(self, site: Site, params: StanParams) -> Head | None:
        """Return a ranking head."""
        site.require(params.k >= 1, "k", "must be at least 1")
        site.require(params.sample >= params.k, "sample", f"must be at least k, {params.k}")
        for name in ("order", "recency", "distance"):
            site.require(getattr(params, name) > 0, name, "must be above 0")
        return self.head(site, params.target)

    def lower(self, keras: Keras, params: StanParams) -> LoweredBaseline:
        """Return the faded likeness of the neighbours that hold an item as its score."""
        ops, session = keras.ops, keras.session

        def scores(fitted: Mapping[str, KerasTensor], items: KerasTensor) -> KerasTensor:
            steps = session.last_places(items)
            length = ops.take(steps.length, steps.row)
            weight = ops.exp(ops.cast(steps.place - length, "float32") / params.order)
            found = session.find_neighbours(fitted, steps, weight, params.sample)
            different = ops.cast(ops.take(steps.different, found.row), "float32")
            cosine = found.likeness / ops.sqrt(different * ops.cast(found.different, "float32"))
            # Ages beyond 60 λ2 fade alike: float32 has no smaller numbers to order them by.
            recent = ops.exp(-ops.minimum(found.age * (_DAY / params.recency), 60.0))
            likeness = cosine * recent
            # Ranked in steps of a ten thousandth, so that sessions that are alike stay so whatever exp rounds to.
            rank = ops.round(ops.log(likeness) * 1e4)
            fade = lambda steps: ops.exp(-steps / params.distance)  # noqa: E731 - one factor of the equation
            return session.spread(fitted, found, likeness, rank, params.k, steps.rows, fade)

        return LoweredBaseline(partial(session.fit_sessions, sample=params.sample), scores)
