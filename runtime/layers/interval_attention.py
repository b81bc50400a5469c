"""Attention that knows how much time lies between two steps, without a vector for every pair: what TiSASRec adds."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from sess.runtime.layers.attention import far_below
from sess.runtime.layers.dense import small
from sess.runtime.layers.heads import by_head
from sess.runtime.layers.projections import Projected

Tensor = Any  # Keras tensors have no type that mypy could know


class IntervalMarks(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """The vectors of places and intervals, for keys and for values, that all layers share (Li et al. 2020, 3.3.1)."""

    def __init__(self, *, longest: int, span: int, dropout: float = 0.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self.longest, self.span = longest, span
        self.drops = [keras.layers.Dropout(dropout) for _ in range(4)]

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights: places of keys and values (n, D), intervals of keys and values (k + 1, D)."""
        sizes = {"place_keys": self.longest, "place_values": self.longest}
        sizes |= {"interval_keys": self.span + 1, "interval_values": self.span + 1}
        self.tables = [
            self.add_weight(shape=(size, shape[-1]), initializer=small(), name=name) for name, size in sizes.items()
        ]
        self.built = True

    def call(self, x: Tensor, training: bool | None = None) -> tuple[Tensor, ...]:
        """Return four tables, those of places cut to (T, D)."""
        cut = [table[: ops.shape(x)[1]] for table in self.tables[:2]] + [
            ops.convert_to_tensor(t) for t in self.tables[2:]
        ]
        return tuple(
            drop(ops.cast(table, x.dtype), training=training) for drop, table in zip(self.drops, cut, strict=True)
        )

    def compute_output_spec(self, x: Tensor, training: bool | None = None) -> tuple[Tensor, ...]:
        """Say the four shapes."""
        rows = (x.shape[1], x.shape[1], self.span + 1, self.span + 1)
        return tuple(keras.KerasTensor((count, x.shape[-1]), dtype=self.compute_dtype) for count in rows)


class IntervalAttention(Projected):
    """Causal attention with keys k_j + p_j + r_ij and values v_j + p_j + r_ij (Li et al. 2020, equations 6 to 8).

    r depends on the interval alone: q r is taken for every interval there is and looked up by pair, and weights are
    summed by interval before they meet r. So no (B, T, T, D) is ever made.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make W_Q, W_K and W_V in one."""
        self.project(shape)
        self.built = True

    def call(self, x: Tensor, intervals: Tensor, marks: tuple[Tensor, ...], training: bool | None = None) -> Tensor:
        """Return (B, T, D) of x (B, T, D), intervals (B, T, T) int32, and what IntervalMarks gives."""
        batch, steps = ops.shape(x)[0], ops.shape(x)[1]
        place_keys, place_values, interval_keys, interval_values = marks
        marked = ops.concatenate([ops.zeros_like(place_keys), place_keys, place_values], axis=-1)  # (T, 3 D)
        query, key, value = self.split(self.product(x) + marked)  # (B, H, T, d)
        query = query * (1.0 / math.sqrt(self.inner))
        by_interval = by_head(query, ops.transpose(self._tables(interval_keys), (0, 2, 1)))  # (B, H, T, k + 1)
        pairs = ops.broadcast_to(ops.expand_dims(intervals, 1), (batch, self.heads, steps, steps))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) + ops.take_along_axis(by_interval, pairs, axis=3)
        places = ops.arange(steps)
        scores = ops.where(places[:, None] >= places[None, :], scores, far_below(scores.dtype))
        weights = self.dropped(ops.softmax(scores, axis=-1), training)  # (B, H, T, T)
        count = ops.shape(interval_values)[0]
        rows = ops.reshape(ops.arange(batch * self.heads * steps), (batch, self.heads, steps, 1))
        summed = ops.segment_sum(
            ops.reshape(weights, (-1,)), ops.reshape(rows * count + pairs, (-1,)), batch * self.heads * steps * count
        )
        summed = ops.reshape(summed, (batch, self.heads, steps, count))
        found = ops.matmul(weights, value) + by_head(summed, self._tables(interval_values))  # (B, H, T, d)
        return self.together(found)

    def _tables(self, table: Tensor) -> Tensor:
        """Return (k + 1, D) as (H, k + 1, d)."""
        shape = (ops.shape(table)[0], self.heads, self.inner)
        return ops.transpose(ops.reshape(table, shape), (1, 0, 2))


class Intervals(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """min(k, ⌊|t_i - t_j| / r_min⌋) (Li et al. 2020, section 3.2).

    r_min is the session's shortest gap that isn't 0, here of the steps up to i: a later gap is the future.
    """

    def __init__(self, span: int, *, name: str | None = None) -> None:
        super().__init__(name=name, dtype="float32")  # seconds don't fit half precision
        self.span = span

    def call(self, spans: Tensor, gaps: Tensor) -> Tensor:
        """Return (B, T, T) int32 of the seconds between steps (B, T, T) and since the step before (B, T)."""
        places = ops.arange(ops.shape(gaps)[1])
        known = places[:, None] >= places[None, :]  # (T, T): j up to i
        positive = ops.where(gaps > 0.0, gaps, ops.cast(np.inf, gaps.dtype))
        shortest = ops.min(ops.where(known, ops.expand_dims(positive, 1), ops.cast(np.inf, gaps.dtype)), axis=2)
        shortest = ops.where(ops.isinf(shortest), ops.ones_like(shortest), shortest)  # (B, T)
        found = ops.floor(ops.abs(spans) / ops.expand_dims(shortest, 2))
        return ops.cast(ops.minimum(found, float(self.span)), "int32")

    def compute_output_spec(self, spans: Tensor, gaps: Tensor) -> Tensor:
        """Say that they are whole numbers."""
        return keras.KerasTensor(spans.shape, dtype="int32")
