"""The exact softmax cross-entropy over a catalogue, in chunks of rows, with its gradient in the same pass."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow is untyped
# The scores of a chunk are so many numbers: 16 MiB, which stays in a processor's cache better than a whole batch.
SCORES_AT_ONCE = 1 << 22


def softmax_cross_entropy(
    states: Tensor, items: Tensor, bias: Tensor | None, targets: Tensor, smoothing: float
) -> Tensor:
    """Return the mean loss of states (N, D) against items (V, D) with targets (N,), places in the catalogue.

    -(1 - s) log p(target) - s mean(log p), s the label smoothing (Szegedy et al. 2016, section 7). The gradient is
    computed with the loss, so scores (chunk, V) live once and never for all rows.
    """
    count = tf.shape(states)[0]
    catalogue = tf.shape(items)[0]
    has_bias = bias is not None
    offset = bias if has_bias else tf.zeros([0], tf.float32)

    @tf.custom_gradient  # type: ignore[untyped-decorator] # TensorFlow is untyped
    def run(states: Tensor, items: Tensor, offset: Tensor) -> Tensor:
        states, table = tf.cast(states, tf.float32), tf.cast(items, tf.float32)
        share = 1.0 / tf.cast(tf.maximum(count, 1), tf.float32)
        chunk = tf.maximum(1, tf.minimum(tf.maximum(count, 1), SCORES_AT_ONCE // tf.maximum(catalogue, 1)))
        chunks = tf.maximum(1, (count + chunk - 1) // chunk)  # without rows one that is empty: nothing can't be joined

        def part(i: Tensor, loss: Tensor, to_states: Tensor, to_items: Tensor, to_offset: Tensor) -> tuple[Tensor, ...]:
            start, end = i * chunk, tf.minimum((i + 1) * chunk, count)
            rows, wanted = states[start:end], targets[start:end]
            scores = tf.matmul(rows, table, transpose_b=True)  # (n, D) x (D, V) -> (n, V)
            scores = scores + offset if has_bias else scores
            scores -= tf.reduce_max(scores, axis=1, keepdims=True)
            places = tf.stack([tf.range(end - start), tf.cast(wanted, tf.int32)], axis=1)
            right = tf.gather_nd(scores, places)  # (n,)
            powers = tf.exp(scores)
            totals = tf.reduce_sum(powers, axis=1, keepdims=True)  # (n, 1)
            each = tf.math.log(totals[:, 0]) - (1.0 - smoothing) * right
            gradient = powers * (share / totals)  # (n, V): p / N
            gradient = tf.tensor_scatter_nd_sub(gradient, places, tf.fill([end - start], (1.0 - smoothing) * share))
            if smoothing:
                each -= smoothing * tf.reduce_mean(scores, axis=1)
                gradient -= smoothing * share / tf.cast(catalogue, tf.float32)
            to_states = to_states.write(i, tf.matmul(gradient, table))  # (n, D)
            to_items += tf.matmul(gradient, rows, transpose_a=True)  # (V, D)
            to_offset = to_offset + tf.reduce_sum(gradient, axis=0) if has_bias else to_offset
            return i + 1, loss + tf.reduce_sum(each), to_states, to_items, to_offset

        parts = tf.TensorArray(tf.float32, size=chunks, infer_shape=False, element_shape=[None, states.shape[1]])
        start = (tf.constant(0), tf.constant(0.0), parts, tf.zeros_like(table), tf.zeros_like(offset))
        _, loss, found, to_items, to_offset = tf.while_loop(
            lambda i, *_: i < chunks, part, start, parallel_iterations=1
        )
        to_states = tf.reshape(found.concat(), tf.shape(states))

        def backward(up: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            return up * to_states, up * to_items, up * to_offset

        return loss * share, backward

    return run(tf.cast(states, tf.float32), tf.convert_to_tensor(items), offset)
