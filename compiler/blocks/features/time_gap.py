"""`time_gap`: how long ago the step before was, in buckets that grow with the logarithm of the time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sess.compiler.block import FeatureBlock, Keras, KerasTensor, Site, TimeColumn
from sess.compiler.types import Dim, Direction, Seq

LONGEST = 365 * 24 * 60 * 60.0  # seconds: where the last bucket begins


@dataclass(frozen=True, slots=True)
class TimeGapParams:
    """`time_gap(time=, buckets=32)`: a 1 in the bucket of the seconds since the step before; the first of the buckets
    is that of a first step, the others go from 0 seconds to a year and beyond.
    """

    time: TimeColumn | None = None
    buckets: int = 32


class TimeGap(FeatureBlock[TimeGapParams]):
    """floor((n - 1) log(1 + gap) / log(1 + a year)), as wide as there are buckets; `project` makes it an embedding."""

    name = "time_gap"

    def check(self, site: Site, params: TimeGapParams) -> Seq | None:
        """Return a causal Seq: a step sees when the one before it was."""
        if not site.require(params.buckets >= 3, "buckets", "must be at least 3"):
            return None
        assert params.time is not None
        return Seq(Dim(params.buckets), Direction.CAUSAL, params.time.group or "")

    def lower(self, keras: Keras, params: TimeGapParams) -> KerasTensor:
        """Return (B, T, buckets)."""
        ops, last = keras.ops, params.buckets - 2
        assert params.time is not None
        gap = keras.session.gaps(keras.times(params.time.only), keras.mask)  # (B, T)
        # Not log1p, which ONNX lacks; gaps are whole numbers or large, so that nothing is lost.
        place = ops.cast(ops.floor(last * ops.log(gap + 1.0) / math.log1p(LONGEST)), "int32")
        place = ops.minimum(place, last) + 1
        is_first = ops.cast(ops.cumsum(ops.ones_like(place), axis=1) > 1, "int32")  # 0 at the first step
        return keras.hide(ops.one_hot(place * is_first, params.buckets))  # (B, T, buckets)
