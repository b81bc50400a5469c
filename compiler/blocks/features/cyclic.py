"""`cyclic`: numbers that come back after a period, such as hours, as a point on a circle."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import FeatureBlock, Keras, KerasTensor, Microseconds, RawColumn, Representation, Site
from sess.compiler.types import Dim, Level, Value

SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class CyclicParams:
    """`cyclic(col, period)`: sin and cos of 2 pi x / period, x being the column's own number: `cyclic(hour, 24)`; of a
    time the period is a duration: `cyclic(timestamp, 24h)`.
    """

    col: RawColumn
    period: float | Microseconds


class Cyclic(FeatureBlock[CyclicParams]):
    """23 o'clock is as near to midnight as 1 is; what the preparation makes of the number doesn't matter."""

    name = "cyclic"

    def check(self, site: Site, params: CyclicParams) -> Value | None:
        """Return a Seq of a step column, a Row of a session column, two wide."""
        site.require(params.period > 0, "period", "must be positive")
        (feature,) = site.features(params.col)
        if not feature.is_time and feature.representation not in (Representation.NUMERIC, Representation.UNCLEAR):
            site.mismatch(f"`{feature.column.name}` is neither a number nor a time", "col")
        elif not feature.is_time and isinstance(params.period, int):
            message = f"the period of `{feature.column.name}`, which is no time, is a number and no duration"
            site.mismatch(message, "period", "durations are periods of times, such as `cyclic(timestamp, 24h)`")
        return site.leaf(params.col, Dim(2))

    def lower(self, keras: Keras, params: CyclicParams) -> KerasTensor:
        """Return (B, T, 2) of a step column, (B, 2) of a session column."""
        name = params.col.only
        # A number is a float, a duration is whole microseconds, and times are in seconds.
        period = params.period / SECOND if isinstance(params.period, int) else params.period
        point = keras.session.cycle(keras.raw(name), period)
        return keras.hide(point) if params.col.level is Level.STEP else point
