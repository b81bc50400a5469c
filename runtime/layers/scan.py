"""The best items of many states over a large catalogue: scanned in parts with the best so far, never all scores."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sess.runtime.layers.select import NEVER, select
from sess.runtime.layers.table import CategoricalHead

Tensor = Any  # TensorFlow is untyped


def scan(head: CategoricalHead, states: Tensor, k: int, exclude: Tensor, items_at_once: int) -> tuple[Tensor, Tensor]:
    """Return codes (B, k) and scores (B, k) of states (B, D) as `select` does; k is at most the catalogue.

    `exclude` (B, S) are codes, 0 for nothing. Memory is (B, items_at_once), however many items there are.
    """
    states, vectors, bias = head.scaled(states), head.vectors(), head.bias()
    rows, count = tf.shape(states)[0], head.count
    nothing = tf.zeros([rows, 1], tf.int32)

    def part(begin: Tensor, codes: Tensor, best: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        end = tf.minimum(begin + items_at_once, count)
        scores = tf.matmul(states, vectors[begin:end], transpose_b=True)  # (B, D) x (D, n) -> (B, n)
        scores = scores if bias is None else scores + bias[begin:end]
        found, high = select(scores, head.reserved + begin, k, exclude, nothing)
        # What came before has lower codes and stands first, so that it wins ties.
        joined, all_codes = tf.concat([best, high], axis=1), tf.concat([codes, found], axis=1)
        best, places = tf.math.top_k(joined, k)
        return end, tf.gather(all_codes, places, batch_dims=1), best

    start = (tf.constant(0), tf.zeros([rows, k], tf.int32), tf.fill([rows, k], NEVER))
    shapes = (tf.TensorShape([]), tf.TensorShape([None, k]), tf.TensorShape([None, k]))
    _, codes, best = tf.while_loop(
        lambda begin, *_: begin < count, part, start, shape_invariants=shapes, parallel_iterations=1
    )
    return codes, best
