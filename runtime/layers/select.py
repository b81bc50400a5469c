"""The best items of a row of scores, without what is excluded: the same in evaluation and in the served graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow is untyped
NEVER = tf.float32.min


def select(scores: Tensor, reserved: int, k: Tensor | int, exclude: Tensor, allow: Tensor) -> tuple[Tensor, Tensor]:
    """Return codes (B, k) int32 and scores (B, k), best first, ties by the lower code; k is at most the catalogue.

    `scores` (B, N) of the real items; `exclude` (B, S) and `allow` (B, A) are codes, 0 for nothing; a row of `allow`
    that is all 0 allows everything. Where no item is left the code is 0 and the score the lowest number.
    """
    rows, count = tf.shape(scores)[0], tf.shape(scores)[1]
    # One column more takes what is no item: the padding of both lists, and reserved codes.
    scores = tf.pad(tf.cast(scores, tf.float32), [[0, 0], [0, 1]], constant_values=NEVER)
    scores = tf.tensor_scatter_nd_update(scores, _places(exclude, reserved, count), _filled(exclude, NEVER))
    scores = tf.cond(tf.reduce_any(allow > 0), lambda: _only(scores, allow, reserved, count), lambda: scores)[:, :count]
    best, places = tf.math.top_k(scores, tf.minimum(k, count))
    codes = tf.where(best > NEVER, places + reserved, 0)
    return tf.ensure_shape(tf.reshape(codes, [rows, -1]), [None, None]), best


def _only(scores: Tensor, allow: Tensor, reserved: int, count: Tensor) -> Tensor:
    is_allowed = tf.zeros_like(scores, tf.bool)
    is_allowed = tf.tensor_scatter_nd_update(is_allowed, _places(allow, reserved, count), _filled(allow, True))
    is_free = tf.reduce_all(allow <= 0, axis=1, keepdims=True)  # (B, 1)
    return tf.where(tf.logical_or(is_allowed, is_free), scores, NEVER)


def _places(codes: Tensor, reserved: int, count: Tensor) -> Tensor:
    """Return (B * S, 2): row, and place of each code; the place behind the items for what is no item."""
    places = codes - reserved
    places = tf.where((places >= 0) & (places < count), places, count)
    row = tf.repeat(tf.range(tf.shape(codes)[0]), tf.shape(codes)[1])
    return tf.stack([row, tf.reshape(places, [-1])], axis=1)


def _filled(codes: Tensor, value: object) -> Tensor:
    return tf.fill([tf.size(codes)], value)
