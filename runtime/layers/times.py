"""Differences of times: taken in float64, where seconds since 1970 are exact to a microsecond, and given in float32."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


def gaps(times: Tensor, mask: Tensor) -> Tensor:
    """Return the seconds since the step before, (B, T) float32: at least 0, and 0 at a first step and at padding."""
    before = ops.concatenate([times[:, :1], times[:, :-1]], axis=1)
    found = ops.maximum(ops.cast(times - before, "float32"), 0.0)
    return found * ops.cast(mask, "float32")


def spans(times: Tensor, mask: Tensor) -> Tensor:
    """Return the seconds between any two steps, (B, T, T) float32: t_i - t_j, and 0 where one of them is padding."""
    found = ops.cast(ops.expand_dims(times, 2) - ops.expand_dims(times, 1), "float32")
    real = ops.cast(mask, "float32")
    return found * ops.expand_dims(real, 2) * ops.expand_dims(real, 1)


def cycle(values: Tensor, period: float) -> Tensor:
    """Return sin and cos of 2 pi x / period, (…, 2) float32; whole periods are taken off before x is rounded."""
    turns = ops.cast(ops.mod(values, period) / period, "float32")
    angles = turns * (2.0 * math.pi)
    return ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
