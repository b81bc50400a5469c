"""Attention over the real steps of padded sessions: absolute and relative, causal or not."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from sess.runtime.layers.dense import small
from sess.runtime.layers.heads import by_head

Tensor = Any  # Keras tensors have no type that mypy could know
FAR_BELOW = -1e9  # added to the score of what must not be seen; finite, so that empty sessions stay finite


class SelfAttention(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
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
        super().__init__(name=name)
        self.heads, self.is_causal, self.has_output = heads, is_causal, has_output
        self.has_biases, self.is_rotary = has_biases, is_rotary
        self.drop = keras.layers.Dropout(dropout) if dropout else None

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        width = shape[-1]
        assert width is not None
        self.width = width
        self.joined = self.add_weight(shape=(width, 3 * width), initializer=small(), name="query_key_value")
        self.output_weight, self.joined_bias, self.output_bias = None, None, None
        if self.has_output:
            self.output_weight = self.add_weight(shape=(width, width), initializer=small(), name="output")
        if self.has_biases:
            self.joined_bias = self.add_weight(shape=(3 * width,), initializer="zeros", name="query_key_value_bias")
        if self.has_biases and self.has_output:
            self.output_bias = self.add_weight(shape=(width,), initializer="zeros", name="output_bias")
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        batch, steps = ops.shape(x)[0], ops.shape(x)[1]
        inner = self.width // self.heads
        joined = ops.matmul(x, ops.cast(self.joined, x.dtype))  # (B, T, 3 D)
        if self.joined_bias is not None:
            joined = joined + ops.cast(self.joined_bias, x.dtype)
        joined = ops.reshape(joined, (batch, steps, 3, self.heads, inner))
        joined = ops.transpose(joined, (2, 0, 3, 1, 4))  # (3, B, H, T, d)
        query, key, value = joined[0] * (1.0 / math.sqrt(inner)), joined[1], joined[2]
        if self.is_rotary:
            query, key = turned(query), turned(key)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))  # (B, H, T, T)
        weights = ops.softmax(scores + visible(mask, self.is_causal, scores.dtype), axis=-1)
        if self.drop is not None:
            weights = self.drop(weights, training=training)
        found = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))  # (B, T, H, d)
        found = ops.reshape(found, (batch, steps, self.width))
        if self.output_weight is not None:
            found = ops.matmul(found, ops.cast(self.output_weight, x.dtype))
        return found if self.output_bias is None else found + ops.cast(self.output_bias, x.dtype)

    def compute_output_spec(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


class RelativeAttention(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Attention by content and distance (Dai et al. 2019, section 3.3): (q + u) k + (q + v) W_R r(i - j).

    With an `order` (B, T) a step sees those that don't come after it. The queries of `read` (B, T, D), where another
    stream has the steps' contents, see those that come before (Yang et al. 2019, section 2.3).
    """

    def __init__(self, heads: int, *, is_causal: bool, dropout: float = 0.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self.heads, self.is_causal = heads, is_causal
        self.drop = keras.layers.Dropout(dropout) if dropout else None

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights: W_q, W_k, W_v in one, W_R, W_o, and the biases u and v."""
        width = shape[-1]
        assert width is not None
        self.width = width
        self.inner = width // self.heads

        self.joined = self.add_weight(shape=(width, 3 * width), initializer=small(), name="query_key_value")
        self.distance = self.add_weight(shape=(width, width), initializer=small(), name="distance")
        self.output_weight = self.add_weight(shape=(width, width), initializer=small(), name="output")
        self.content_bias = self.add_weight(shape=(self.heads, 1, self.inner), initializer="zeros", name="content_bias")
        self.distance_bias = self.add_weight(
            shape=(self.heads, 1, self.inner), initializer="zeros", name="distance_bias"
        )
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
        batch, steps = ops.shape(x)[0], ops.shape(x)[1]
        heads, inner = self.heads, self.inner
        joined = ops.matmul(x, ops.cast(self.joined, x.dtype))  # (B, T, 3 D)
        joined = ops.transpose(ops.reshape(joined, (batch, steps, 3, heads, inner)), (2, 0, 3, 1, 4))
        query, key, value = joined[0], joined[1], joined[2]  # (B, H, T, d)
        if read is not None:
            asking = ops.matmul(read, ops.cast(self.joined[:, : self.width], x.dtype))
            query = ops.transpose(ops.reshape(asking, (batch, steps, heads, inner)), (0, 2, 1, 3))
        content = ops.matmul(query + ops.cast(self.content_bias, x.dtype), ops.transpose(key, (0, 1, 3, 2)))
        far = ops.matmul(distances(steps, self.width, x.dtype), ops.cast(self.distance, x.dtype))  # (2 T - 1, D)
        far = ops.transpose(ops.reshape(far, (2 * steps - 1, heads, inner)), (1, 2, 0))  # (H, d, 2 T - 1)
        placed = by_head(query + ops.cast(self.distance_bias, x.dtype), far)  # (B, H, T, 2 T - 1)
        scores = (content + by_distance(placed)) * (1.0 / math.sqrt(inner))  # (B, H, T, T)
        scores = scores + visible(mask, self.is_causal, scores.dtype)
        if order is not None:
            scores = scores + ordered(order, scores.dtype, is_strict=read is not None)
        weights = ops.softmax(scores, axis=-1)
        if self.drop is not None:
            weights = self.drop(weights, training=training)
        found = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))  # (B, T, H, d)
        return ops.matmul(ops.reshape(found, (batch, steps, self.width)), ops.cast(self.output_weight, x.dtype))

    def compute_output_spec(
        self,
        x: Tensor,
        mask: Tensor,
        order: Tensor | None = None,
        read: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


def turned(x: Tensor) -> Tensor:
    """Return (B, H, T, d) with each pair of numbers turned by its step's place times 10000^(-2i/d) (Su et al. 2021)."""
    batch, heads, steps, width = (ops.shape(x)[axis] for axis in range(4))
    rates = np.power(10_000.0, -np.arange(0, width, 2, dtype=np.float32) / width)  # (d / 2,)
    angles = ops.cast(ops.arange(steps), "float32")[:, None] * rates[None, :]  # (T, d / 2)
    sine, cosine = ops.cast(ops.sin(angles), x.dtype), ops.cast(ops.cos(angles), x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    pairs = ops.stack([even * cosine - odd * sine, odd * cosine + even * sine], axis=-1)  # (B, H, T, d / 2, 2)
    return ops.reshape(pairs, (batch, heads, steps, width))


def visible(mask: Tensor, is_causal: bool, dtype: str) -> Tensor:
    """Return what to add to scores (…, T, T): 0 where a step may look, far below where it may not."""
    steps = ops.shape(mask)[1]
    if is_causal:
        places = ops.arange(steps)
        return ops.where(places[:, None] >= places[None, :], ops.cast(0.0, dtype), ops.cast(FAR_BELOW, dtype))  # (T, T)
    return ops.where(mask, ops.cast(0.0, dtype), ops.cast(FAR_BELOW, dtype))[:, None, None, :]  # (B, 1, 1, T)


def ordered(order: Tensor, dtype: str, *, is_strict: bool) -> Tensor:
    """Return what to add to scores (B, H, T, T): far below where a step comes after the one that looks, or with it."""
    mine, other = order[:, None, :, None], order[:, None, None, :]
    return ops.where(other < mine if is_strict else other <= mine, ops.cast(0.0, dtype), ops.cast(FAR_BELOW, dtype))


def distances(steps: Tensor, width: int, dtype: str) -> Tensor:
    """Return the sinusoids of the distances T - 1 … 1 - T, (2 T - 1, D): sines, then cosines (Dai et al. 2019)."""
    far = ops.cast(steps - 1 - ops.arange(2 * steps - 1), "float32")  # (2 T - 1,)
    rates = np.power(10_000.0, -np.arange(0, width, 2, dtype=np.float32) / width)  # (ceil(D / 2),)
    angles = far[:, None] * rates[None, :]
    return ops.cast(ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=1)[:, :width], dtype)


def by_distance(placed: Tensor) -> Tensor:
    """Return (…, T, T), where entry (i, j) is the one of distance i - j in row i of (…, T, 2 T - 1)."""
    batch, heads, steps, count = (ops.shape(placed)[axis] for axis in range(4))
    padded = ops.pad(placed, [[0, 0], [0, 0], [0, 0], [1, 0]])  # (B, H, T, 2 T)
    folded = ops.reshape(padded, (batch, heads, count + 1, steps))[:, :, 1:]  # (B, H, 2 T - 1, T)
    return ops.reshape(folded, (batch, heads, steps, count))[:, :, :, :steps]
