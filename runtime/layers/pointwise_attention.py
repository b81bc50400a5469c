"""Attention without a softmax, weighted by place and time: what HSTU is made of."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from sess.runtime.layers.dense import small

Tensor = Any  # Keras tensors have no type that mypy could know
GROWTH = 0.301  # a bucket ends where the logarithm of the seconds has grown by so much, as in the authors' code


class PointwiseAttention(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """f_2(Norm(A V) ⊙ U), A = SiLU(Q K^T + rab) / n, and U, V, Q, K = SiLU(f_1(x)) (Zhai et al. 2024, eq. 1 to 3).

    rab is a number for every distance of places, below `longest`, and one for every bucket of time, shared by all
    heads. Causal: sessions are padded on the right, so no padding is seen.
    """

    def __init__(
        self, heads: int, *, longest: int, buckets: int, dropout: float = 0.0, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self.heads, self.longest, self.buckets = heads, longest, buckets
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, center=False, scale=False, name="norm")
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        width = shape[-1]
        assert width is not None
        self.width = width
        self.joined = self.add_weight(shape=(width, 4 * width), initializer=small(), name="gate_value_query_key")
        self.places = self.add_weight(shape=(self.longest,), initializer=small(), name="places")
        self.times = self.add_weight(shape=(self.buckets,), initializer=small(), name="times")
        self.output_weight = self.add_weight(shape=(width, width), initializer="glorot_uniform", name="output")
        self.output_bias = self.add_weight(shape=(width,), initializer="zeros", name="output_bias")
        self.norm.build(shape)
        self.built = True

    def call(self, x: Tensor, buckets: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D) of normalised x (B, T, D) and buckets of the time between steps (B, T, T)."""
        batch, steps = ops.shape(x)[0], ops.shape(x)[1]
        joined = ops.silu(ops.matmul(x, ops.cast(self.joined, x.dtype)))  # (B, T, 4 D)
        joined = ops.reshape(joined, (batch, steps, 4, self.heads, self.width // self.heads))
        joined = ops.transpose(joined, (2, 0, 3, 1, 4))  # (4, B, H, T, d)
        gate, value, query, key = (joined[i] for i in range(4))
        far = ops.arange(steps)[:, None] - ops.arange(steps)[None, :]  # (T, T): i - j
        places = ops.take(self.places, ops.clip(far, 0, self.longest - 1))
        bias = ops.expand_dims(places + ops.take(self.times, buckets), 1)  # (B, 1, T, T)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) + ops.cast(bias, x.dtype)  # (B, H, T, T)
        weights = ops.silu(scores) * ops.cast(far >= 0, x.dtype) * (1.0 / self.longest)
        found = _side_by_side(ops.matmul(weights, value), (batch, steps, self.width))
        gated = self.norm(found) * _side_by_side(gate, (batch, steps, self.width))
        gated = self.drop(gated, training=training)
        return ops.matmul(gated, ops.cast(self.output_weight, x.dtype)) + ops.cast(self.output_bias, x.dtype)

    def compute_output_spec(self, x: Tensor, buckets: Tensor, training: bool | None = None) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


def time_buckets(spans: Tensor, count: int) -> Tensor:
    """Return the bucket of the logarithm of every time between steps, (B, T, T) seconds -> int32 below `count`."""
    grown = ops.log(ops.maximum(ops.abs(spans), 1.0)) * np.float32(1.0 / GROWTH)
    return ops.minimum(ops.cast(grown, "int32"), count - 1)


def _side_by_side(heads: Tensor, shape: tuple[Any, ...]) -> Tensor:
    """Return the heads' vectors in one: (B, H, T, d) -> (B, T, D)."""
    return ops.reshape(ops.transpose(heads, (0, 2, 1, 3)), shape)
