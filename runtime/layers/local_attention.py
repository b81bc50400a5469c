"""Attention to the steps nearby, in blocks: time and memory grow with T times the reach, not with T squared."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from sess.runtime.layers.attention import far_below
from sess.runtime.layers.projections import Projected

Tensor = Any  # Keras tensors have no type that mypy could know


class LocalAttention(Projected):
    """A step attends to itself and `reach` steps either side (Beltagy et al. 2020, section 3.1), with all biases.

    Steps are cut into blocks of `reach`: a block's queries need its own keys and those of its two neighbours.
    """

    def __init__(self, heads: int, *, reach: int, dropout: float = 0.0, name: str | None = None) -> None:
        super().__init__(heads, dropout=dropout, name=name)
        self.reach = reach

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.project(shape, has_bias=True)
        self.project_back(has_bias=True)
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        batch, steps, size = ops.shape(x)[0], ops.shape(x)[1], self.reach
        blocks = (steps + size - 1) // size
        joined = ops.pad(self.product(x), [[0, 0], [0, blocks * size - steps], [0, 0]])  # (B, n r, 3 D)
        joined = ops.reshape(joined, (batch, blocks, size, 3, self.heads, self.inner))
        joined = ops.transpose(joined, (3, 0, 4, 1, 2, 5))  # (3, B, H, n, r, d)
        real = ops.reshape(ops.pad(mask, [[0, 0], [0, blocks * size - steps]]), (batch, 1, blocks, size, 1))
        query, key = joined[0] * (1.0 / math.sqrt(self.inner)), around(joined[1])
        value = around(joined[2] * ops.cast(real, joined.dtype))  # to an empty session all its padding looks alike
        real = ops.swapaxes(around(ops.cast(real, "int32")), 3, 4) > 0  # (B, 1, n, 1, 3 r)
        distance = ops.arange(3 * size)[None, :] - size - ops.arange(size)[:, None]  # (r, 3 r): key from query
        seen = ops.logical_and(real, ops.abs(distance) <= size)
        scores = ops.matmul(query, ops.swapaxes(key, 3, 4))  # (B, H, n, r, 3 r)
        weights = ops.softmax(ops.where(seen, scores, far_below(scores.dtype)), axis=-1)
        found = ops.matmul(self.dropped(weights, training), value)  # (B, H, n, r, d)
        found = ops.reshape(ops.transpose(found, (0, 2, 3, 1, 4)), (batch, blocks * size, self.width))
        return self.back(found[:, :steps])


def around(x: Tensor) -> Tensor:
    """Return each block between its neighbours, zeros beyond the ends: (B, H, n, r, d) -> (B, H, n, 3 r, d)."""
    before = ops.pad(x[:, :, :-1], [[0, 0], [0, 0], [1, 0], [0, 0], [0, 0]])
    after = ops.pad(x[:, :, 1:], [[0, 0], [0, 0], [0, 1], [0, 0], [0, 0]])
    return ops.concatenate([before, x, after], axis=3)
