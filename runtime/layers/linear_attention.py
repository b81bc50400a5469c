"""Attention whose time grows with the number of steps, not with its square."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from sess.runtime.layers.dense import small

Tensor = Any  # Keras tensors have no type that mypy could know
CHUNK = 32  # steps that look at each other pair by pair; what lies before is one (d, d) matrix a head
TINY = 1e-12


class LinearAttention(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """L2-normalised linear attention over the steps up to each (Liu et al. 2023, section 3.2), with all biases.

    ρ_1(elu(Q)) (ρ_2(elu(K))^T V): queries are divided by √d times their length, each number of the keys by the length
    of its column, which is that of the steps up to i here: the paper's is that of all steps, the future's too.
    """

    def __init__(self, heads: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.heads = heads

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
        """Return (B, T, D) of x (B, T, D); sessions are padded on the right, so no padding is seen."""
        batch, steps = ops.shape(x)[0], ops.shape(x)[1]
        inner = self.width // self.heads
        joined = ops.matmul(x, ops.cast(self.joined, x.dtype)) + ops.cast(self.joined_bias, x.dtype)  # (B, T, 3 D)
        joined = ops.transpose(ops.reshape(joined, (batch, steps, 3, self.heads, inner)), (2, 0, 3, 1, 4))
        query, key, value = ops.elu(joined[0]), ops.elu(joined[1]), joined[2]  # (B, H, T, d)
        query = query * ops.rsqrt(ops.sum(query * query, axis=3, keepdims=True) * inner + TINY)
        query = query * ops.rsqrt(ops.cumsum(key * key, axis=2) + TINY)
        found = ops.transpose(causal_product(query, key, value), (0, 2, 1, 3))  # (B, T, H, d)
        found = ops.matmul(ops.reshape(found, (batch, steps, self.width)), ops.cast(self.output_weight, x.dtype))
        return found + ops.cast(self.output_bias, x.dtype)

    def compute_output_spec(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


def causal_product(query: Tensor, key: Tensor, value: Tensor, chunk: int = CHUNK) -> Tensor:
    """Return Σ_(j ≤ i) (q_i · k_j) v_j, all (B, H, T, d), in chunks of steps."""
    batch, heads, steps, inner = (ops.shape(query)[axis] for axis in range(4))
    count = (steps + chunk - 1) // chunk
    padding = [[0, 0], [0, 0], [0, count * chunk - steps], [0, 0]]
    query, key, value = (
        ops.reshape(ops.pad(each, padding), (batch, heads, count, chunk, inner)) for each in (query, key, value)
    )
    places = ops.arange(chunk)
    seen = ops.cast(places[:, None] >= places[None, :], query.dtype)  # (C, C)
    within = ops.matmul(ops.matmul(query, ops.swapaxes(key, 3, 4)) * seen, value)  # (B, H, n, C, d)
    sums = ops.matmul(ops.swapaxes(key, 3, 4), value)  # (B, H, n, d, d)
    before = ops.cumsum(sums, axis=2) - sums
    found = ops.reshape(within + ops.matmul(query, before), (batch, heads, count * chunk, inner))
    return found[:, :, :steps]
