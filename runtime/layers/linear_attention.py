"""Attention whose time grows with the number of steps, not with its square."""

from __future__ import annotations

from typing import Any

from keras import ops

from sess.runtime.layers.projections import Projected

Tensor = Any  # Keras tensors have no type that mypy could know
CHUNK = 32  # steps that look at each other pair by pair; what lies before is one (d, d) matrix a head
TINY = 1e-12


class LinearAttention(Projected):
    """L2-normalised linear attention over the steps up to each (Liu et al. 2023, section 3.2), with all biases.

    ρ_1(elu(Q)) (ρ_2(elu(K))^T V): queries are divided by √d times their length, each number of the keys by the length
    of its column, which is that of the steps up to i here: the paper's is that of all steps, the future's too.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.project(shape, has_bias=True)
        self.project_back(has_bias=True)
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D) of x (B, T, D); sessions are padded on the right, so no padding is seen."""
        query, key, value = self.split(self.product(x))  # (B, H, T, d)
        query, key = ops.elu(query), ops.elu(key)
        query = query * ops.rsqrt(ops.sum(query * query, axis=3, keepdims=True) * self.inner + TINY)
        query = query * ops.rsqrt(ops.cumsum(key * key, axis=2) + TINY)
        return self.together(causal_product(query, key, value))


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
