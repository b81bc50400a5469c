"""Attention to the steps nearby, in blocks: time and memory grow with T times the reach, not with T squared."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from sess.runtime.layers.attention import FAR_BELOW
from sess.runtime.layers.dense import small

Tensor = Any  # Keras tensors have no type that mypy could know


class LocalAttention(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """A step attends to itself and `reach` steps either side (Beltagy et al. 2020, section 3.1), with all biases.

    Steps are cut into blocks of `reach`: a block's queries need its own keys and those of its two neighbours.
    """

    def __init__(self, heads: int, *, reach: int, dropout: float = 0.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self.heads, self.reach = heads, reach
        self.drop = keras.layers.Dropout(dropout) if dropout else None

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        width = shape[-1]
        assert width is not None
        self.width = width
        self.joined = self.add_weight(shape=(width, 3 * width), initializer=small(), name="query_key_value")
        self.joined_bias = self.add_weight(shape=(3 * width,), initializer="zeros", name="query_key_value_bias")
        self.output_weight = self.add_weight(shape=(width, width), initializer=small(), name="output")
        self.output_bias = self.add_weight(shape=(width,), initializer="zeros", name="output_bias")
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        batch, steps, size = ops.shape(x)[0], ops.shape(x)[1], self.reach
        inner = self.width // self.heads
        blocks = (steps + size - 1) // size
        joined = ops.matmul(x, ops.cast(self.joined, x.dtype)) + ops.cast(self.joined_bias, x.dtype)  # (B, T, 3 D)
        joined = ops.pad(joined, [[0, 0], [0, blocks * size - steps], [0, 0]])
        joined = ops.reshape(joined, (batch, blocks, size, 3, self.heads, inner))
        joined = ops.transpose(joined, (3, 0, 4, 1, 2, 5))  # (3, B, H, n, r, d)
        query, key, value = joined[0] * (1.0 / math.sqrt(inner)), around(joined[1]), around(joined[2])
        real = ops.reshape(ops.pad(mask, [[0, 0], [0, blocks * size - steps]]), (batch, 1, blocks, size, 1))
        real = ops.swapaxes(around(ops.cast(real, "int32")), 3, 4) > 0  # (B, 1, n, 1, 3 r)
        distance = ops.arange(3 * size)[None, :] - size - ops.arange(size)[:, None]  # (r, 3 r): key from query
        seen = ops.logical_and(real, ops.abs(distance) <= size)
        scores = ops.matmul(query, ops.swapaxes(key, 3, 4))  # (B, H, n, r, 3 r)
        weights = ops.softmax(ops.where(seen, scores, ops.cast(FAR_BELOW, scores.dtype)), axis=-1)
        if self.drop is not None:
            weights = self.drop(weights, training=training)
        found = ops.transpose(ops.matmul(weights, value), (0, 2, 3, 1, 4))  # (B, n, r, H, d)
        found = ops.reshape(found, (batch, blocks * size, self.width))[:, :steps]
        return ops.matmul(found, ops.cast(self.output_weight, x.dtype)) + ops.cast(self.output_bias, x.dtype)

    def compute_output_spec(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


def around(x: Tensor) -> Tensor:
    """Return each block between its neighbours, zeros beyond the ends: (B, H, n, r, d) -> (B, H, n, 3 r, d)."""
    before = ops.pad(x[:, :, :-1], [[0, 0], [0, 0], [1, 0], [0, 0], [0, 0]])
    after = ops.pad(x[:, :, 1:], [[0, 0], [0, 0], [0, 1], [0, 0], [0, 0]])
    return ops.concatenate([before, x, after], axis=3)
