"""Attention over the real steps of padded sessions: absolute and relative, causal or not."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from sess.runtime.layers.dense import small
from sess.runtime.layers.heads import by_head
from sess.runtime.layers.projections import Projected
from sess.runtime.layers.waves import distances, turned

Tensor = Any  # Keras tensors have no type that mypy could know
FAR_BELOW = -1e9  # added to the score of what must not be seen; finite, so that empty sessions stay finite
FAR_BELOW_IN_HALF = -3e4  # float16 ends at 65,504, and two of them are added where an order is given


class SelfAttention(Projected):
    """Scaled dot-product attention of several heads, W_Q, W_K and W_V in one product (Vaswani et al. 2017, eq. 1).

    `has_output` adds W_O, `has_biases` a bias to all four; `is_rotary` turns queries and keys by their places. A causal
    layer needs no padding mask: sessions are padded on the right.
    """

    def __init__(
        self,
        heads: int,
        *,
        is_causal: bool,
        dropout: float = 0.0,
        has_output: bool = False,
        has_biases: bool = False,
        is_rotary: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(heads, dropout=dropout, name=name)
        self.is_causal, self.has_output = is_causal, has_output
        self.has_biases, self.is_rotary = has_biases, is_rotary

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.project(shape, has_bias=self.has_biases)
        if self.has_output:
            self.project_back(has_bias=self.has_biases)
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        query, key, value = self.split(self.product(x))  # (B, H, T, d)
        query = query * (1.0 / math.sqrt(self.inner))
        if self.is_rotary:
            query, key = turned(query), turned(key)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))  # (B, H, T, T)
        weights = ops.softmax(scores + visible(mask, self.is_causal, scores.dtype), axis=-1)
        value = value if self.is_causal else of_steps(value, mask)
        return self.together(ops.matmul(self.dropped(weights, training), value))


class RelativeAttention(Projected):
    """Attention by content and distance (Dai et al. 2019, section 3.3): (q + u) k + (q + v) W_R r(i - j).

    With an `order` (B, T) a step sees those that don't come after it. The queries of `read` (B, T, D), where another
    stream has the steps' contents, see those that come before (Yang et al. 2019, section 2.3).
    """

    def __init__(self, heads: int, *, is_causal: bool, dropout: float = 0.0, name: str | None = None) -> None:
        super().__init__(heads, dropout=dropout, name=name)
        self.is_causal = is_causal

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights: W_q, W_k, W_v in one, W_R, W_o, and the biases u and v."""
        self.project(shape)
        self.distance = self.add_weight(shape=(self.width, self.width), initializer=small(), name="distance")
        self.project_back()
        each = (self.heads, 1, self.inner)
        self.content_bias = self.add_weight(shape=each, initializer="zeros", name="content_bias")
        self.distance_bias = self.add_weight(shape=each, initializer="zeros", name="distance_bias")
        self.built = True

    def call(
        self,
        x: Tensor,
        mask: Tensor,
        order: Tensor | None = None,
        read: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        steps = ops.shape(x)[1]
        query, key, value = self.split(self.product(x))  # (B, H, T, d)
        if read is not None:
            (query,) = self.split(ops.matmul(read, ops.cast(self.joined[:, : self.width], x.dtype)))
        content = ops.matmul(query + ops.cast(self.content_bias, x.dtype), ops.transpose(key, (0, 1, 3, 2)))
        far = ops.matmul(distances(steps, self.width, x.dtype), ops.cast(self.distance, x.dtype))  # (2 T - 1, D)
        far = ops.transpose(ops.reshape(far, (2 * steps - 1, self.heads, self.inner)), (1, 2, 0))  # (H, d, 2 T - 1)
        placed = by_head(query + ops.cast(self.distance_bias, x.dtype), far)  # (B, H, T, 2 T - 1)
        scores = (content + by_distance(placed)) * (1.0 / math.sqrt(self.inner))  # (B, H, T, T)
        scores = scores + visible(mask, self.is_causal, scores.dtype)
        if order is not None:
            scores = scores + ordered(order, scores.dtype, is_strict=read is not None)
        weights = self.dropped(ops.softmax(scores, axis=-1), training)
        if read is not None and order is not None:  # the first of an order sees nothing
            weights = weights * ops.cast(is_before(order, is_strict=True), weights.dtype)
        return self.together(ops.matmul(weights, value if self.is_causal else of_steps(value, mask)))


def visible(mask: Tensor, is_causal: bool, dtype: str) -> Tensor:
    """Return what to add to scores (…, T, T): 0 where a step may look, far below where it may not."""
    steps = ops.shape(mask)[1]
    if is_causal:
        places = ops.arange(steps)
        return ops.where(places[:, None] >= places[None, :], ops.cast(0.0, dtype), far_below(dtype))  # (T, T)
    return ops.where(mask, ops.cast(0.0, dtype), far_below(dtype))[:, None, None, :]  # (B, 1, 1, T)


def of_steps(value: Tensor, mask: Tensor) -> Tensor:
    """Return values (B, H, T, d), zeros beyond the steps: to an empty session all its padding looks alike."""
    return value * ops.cast(mask[:, None, :, None], value.dtype)


def ordered(order: Tensor, dtype: str, *, is_strict: bool) -> Tensor:
    """Return what to add to scores (B, H, T, T): far below where a step comes after the one that looks, or with it."""
    return ops.where(is_before(order, is_strict=is_strict), ops.cast(0.0, dtype), far_below(dtype))


def is_before(order: Tensor, *, is_strict: bool) -> Tensor:
    """Return whether a step comes before the one that looks, or with it: (B, 1, T, T)."""
    mine, other = order[:, None, :, None], order[:, None, None, :]
    return other < mine if is_strict else other <= mine


def far_below(dtype: str) -> Tensor:
    """Return what the score of an unseen step falls to: a number of this dtype, and no infinity."""
    return ops.cast(FAR_BELOW_IN_HALF if keras.backend.standardize_dtype(dtype) == "float16" else FAR_BELOW, dtype)


def by_distance(placed: Tensor) -> Tensor:
    """Return (…, T, T), where entry (i, j) is the one of distance i - j in row i of (…, T, 2 T - 1)."""
    batch, heads, steps, count = (ops.shape(placed)[axis] for axis in range(4))
    padded = ops.pad(placed, [[0, 0], [0, 0], [0, 0], [1, 0]])  # (B, H, T, 2 T)
    folded = ops.reshape(padded, (batch, heads, count + 1, steps))[:, :, 1:]  # (B, H, 2 T - 1, T)
    return ops.reshape(folded, (batch, heads, steps, count))[:, :, :, :steps]
