"""Bags: the vectors of a list's items as one vector."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


class Pooled(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """The items of each list by their mean, sum, sum by the root of their number, or maximum; zeros for none."""

    def __init__(self, table: Any, combiner: str, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.look_up: Any = lambda codes: table(codes)  # hidden: the weights are the table's
        self.width, self.combiner = table.width, combiner
        self.built = True

    def call(self, bags: Tensor) -> Tensor:
        """Return (…, D) of codes (…, N), 0 for padding."""
        vectors = self.look_up(bags)  # (…, N, D)
        is_real = ops.expand_dims(ops.not_equal(bags, 0), -1)  # (…, N, 1)
        real = ops.cast(is_real, vectors.dtype)
        count = ops.maximum(ops.sum(real, axis=-2), 1)  # (…, 1)
        if self.combiner == "max":
            greatest = ops.max(ops.where(is_real, vectors, ops.cast(-6e4, vectors.dtype)), axis=-2)
            return ops.where(ops.any(is_real, axis=-2), greatest, ops.zeros_like(greatest))
        total = ops.sum(vectors * real, axis=-2)  # (…, D)
        if self.combiner == "sum":
            return total
        return total / (count if self.combiner == "mean" else ops.sqrt(count))

    def compute_output_spec(self, bags: Tensor) -> Tensor:
        """Say that each list gives a vector."""
        return keras.KerasTensor((*bags.shape[:-1], self.width), dtype=self.compute_dtype)
