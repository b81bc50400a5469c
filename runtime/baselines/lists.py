"""Lists of different lengths laid end to end: their places and sums, also where there is nothing in any of them.

TensorFlow's own `ragged.range` and `segment_sum` do the same, but ONNX has forms of them that fail without a value: of
an empty session, or of items that nobody met.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow is untyped


def ranges(begins: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """Return whose each value is (P,), and all values of the ranges (L,) one after the other (P,)."""
    sizes = ends - begins
    owner = tf.repeat(tf.range(tf.size(sizes)), sizes)  # (P,)
    first = tf.cumsum(sizes, exclusive=True)  # (L,)
    return owner, tf.range(tf.reduce_sum(sizes)) + tf.gather(begins - first, owner)


def sums(values: Tensor, ends: Tensor) -> Tensor:
    """Return the sum of every group (G,) of values (P,); `ends` says which values are the last of theirs."""
    group = tf.cumsum(tf.cast(ends, tf.int32), exclusive=True)
    count = tf.reduce_sum(tf.cast(ends, tf.int32))
    more = tf.concat([values, tf.zeros([1], values.dtype)], axis=0)
    return tf.math.segment_sum(more, tf.concat([group, count[None]], axis=0))[:-1]
