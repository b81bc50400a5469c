"""The last steps of a session as a frame of one size."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


class LastSteps(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """The vectors of the last `count` real steps, the last one at the end; zeros before a session that has fewer."""

    def __init__(self, count: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.count = count

    def call(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (B, count, D) of x (B, T, D) and mask (B, T)."""
        length = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)  # (B, 1): steps stand right-padded
        places = length - self.count + ops.arange(self.count)[None, :]  # (B, count)
        found = ops.take_along_axis(x, ops.expand_dims(ops.maximum(places, 0), -1), axis=1)
        return found * ops.cast(ops.expand_dims(places >= 0, -1), x.dtype)

    def compute_output_spec(self, x: Tensor, mask: Tensor) -> Tensor:
        """Say the shape."""
        return keras.KerasTensor((x.shape[0], self.count, x.shape[-1]), dtype=self.compute_dtype)
