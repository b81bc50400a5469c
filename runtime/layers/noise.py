"""Swap noise: vectors of real steps of other sessions in the place of some, in training."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


class SwapNoise(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Each real step (of (B, T, D)) or row (of (B, D)) is swapped with a chance; what is alone in a batch stays."""

    def __init__(self, prob: float, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.prob = prob
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Return x, or in training x with some vectors swapped."""
        if not training:
            return x
        is_row = len(x.shape) == 2
        real = ops.ones_like(mask[:, :1]) if is_row else mask  # (B, T)
        vectors = ops.expand_dims(x, 1) if is_row else x  # (B, T, D)
        found = ops.where(ops.expand_dims(self._swapped(real), -1), self._others(vectors, real), vectors)
        return found[:, 0] if is_row else found

    def _swapped(self, real: Tensor) -> Tensor:
        chance = keras.random.uniform(ops.shape(real), seed=self.seed_generator)
        counts = ops.sum(ops.cast(real, "int32"), axis=1, keepdims=True)  # (B, 1)
        return ops.logical_and(ops.logical_and(real, chance < self.prob), counts < ops.sum(counts))

    def _others(self, vectors: Tensor, real: Tensor) -> Tensor:
        """Return for each place the vector of a real step of another session, drawn evenly."""
        counts = ops.sum(ops.cast(real, "int32"), axis=1, keepdims=True)  # (B, 1)
        begins = ops.cumsum(counts, axis=0) - counts  # (B, 1): real steps of the sessions before
        others = ops.sum(counts) - counts  # (B, 1)
        chance = keras.random.uniform(ops.shape(real), seed=self.seed_generator)  # (B, T)
        drawn = ops.cast(chance * ops.cast(others, "float32"), "int32")
        drawn = ops.minimum(drawn, ops.maximum(others - 1, 0))
        drawn = ops.where(drawn >= begins, drawn + counts, drawn)  # step over the session's own
        places = ops.cast(ops.nonzero(ops.reshape(real, (-1,)))[0], "int32")  # (M,)
        places = ops.concatenate([places, ops.zeros((1,), "int32")])  # one more, where no other step is real
        flat = ops.reshape(vectors, (-1, vectors.shape[-1]))  # (B T, D)
        return ops.take(flat, ops.take(places, ops.minimum(drawn, ops.sum(counts))), axis=0)

    def compute_output_spec(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)
