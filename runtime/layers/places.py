"""Positions that are not learned: waves that are added, or angles by which pairs of numbers turn."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


class FixedPositions(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Places count from the first kept step; numbers 2 i and 2 i + 1 have the rate 10000^(-2 i / D)."""

    def __init__(self, *, is_rotary: bool, name: str | None = None) -> None:
        super().__init__(name=name)
        self.is_rotary = is_rotary
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """Return (B, T, D): x plus sines and cosines (Vaswani et al. 2017, 3.5), or x turned (Su et al. 2021)."""
        steps, width = ops.shape(x)[1], x.shape[-1]
        rates = np.power(10_000.0, -np.arange(0, width, 2, dtype=np.float32) / width)  # (ceil(D / 2),)
        angles = ops.cast(ops.arange(steps), "float32")[:, None] * rates[None, :]  # (T, ceil(D / 2))
        sine, cosine = ops.cast(ops.sin(angles), x.dtype), ops.cast(ops.cos(angles), x.dtype)
        if not self.is_rotary:
            return x + _paired(sine, cosine)[..., :width]
        even, odd = x[..., 0::2], x[..., 1::2]
        return _paired(even * cosine - odd * sine, odd * cosine + even * sine)

    def compute_output_spec(self, x: Tensor) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


def _paired(even: Tensor, odd: Tensor) -> Tensor:
    """Return (…, 2 n) with the numbers of both (…, n) in turn."""
    pairs = ops.stack([even, odd], axis=-1)
    return ops.reshape(pairs, (*ops.shape(even)[:-1], 2 * even.shape[-1]))
