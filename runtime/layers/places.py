"""Positions that are not learned: waves that are added, or angles by which pairs of numbers turn."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from sess.runtime.layers.waves import turned, waves

Tensor = Any  # Keras tensors have no type that mypy could know


class FixedPositions(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Places count from the first kept step; `is_scaled` multiplies what they are added to by √D first."""

    def __init__(self, *, is_rotary: bool = False, is_scaled: bool = False, name: str | None = None) -> None:
        super().__init__(name=name)
        self.is_rotary, self.is_scaled = is_rotary, is_scaled
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """Return (B, T, D): x plus sines and cosines (Vaswani et al. 2017, 3.5), or x turned (Su et al. 2021)."""
        if self.is_rotary:
            return turned(x)
        width = x.shape[-1]
        return (x * math.sqrt(width) if self.is_scaled else x) + waves(ops.shape(x)[1], width, x.dtype)

    def compute_output_spec(self, x: Tensor) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)
