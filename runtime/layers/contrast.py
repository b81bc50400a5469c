"""A state's score of its target beside those of candidates, in chunks of rows with the gradient in the same pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from sess.runtime.layers.candidates import Candidates
from sess.runtime.layers.cross_entropy import SCORES_AT_ONCE

Tensor = Any  # TensorFlow is untyped
Each = Callable[[Tensor, Tensor, Tensor], Tensor]


def contrast(
    each: Each, states: Tensor, catalogue: Any, targets: Tensor, drawn: Candidates, *, corrects: bool = False
) -> Tensor:
    """Return the mean of `each(right (n,), wrong (n, C), is_hit (n, C)) -> (n,)` over states (N, D).

    `is_hit` is true where a candidate is the row's own target. `corrects`: scores are taken less log Q, the right one
    too, so that the candidates' softmax has the optimum of the whole catalogue's (Bengio & Senécal 2008, section 3).
    """
    right, of_right = catalogue.at(targets), catalogue.bias_at(targets)  # (N, D), (N,)
    wrong, of_wrong = catalogue.at(drawn.places), catalogue.bias_at(drawn.places)  # (C, D), (C,)
    if corrects:
        of_right, of_wrong = of_right - drawn.log_chance_of_targets, of_wrong - drawn.log_chance
    places, wanted = tf.cast(drawn.places, tf.int32), tf.cast(targets, tf.int32)

    def losses(states: Tensor, right: Tensor, of_right: Tensor, wrong: Tensor, of_wrong: Tensor, own: Tensor) -> Tensor:
        scores = tf.matmul(states, wrong, transpose_b=True) + of_wrong  # (n, D) x (D, C) -> (n, C)
        return each(tf.reduce_sum(states * right, axis=1) + of_right, scores, own[:, None] == places)

    return _mean(losses, (states, right, of_right), (wrong, of_wrong), wanted)


def _mean(losses: Callable[..., Tensor], rows: tuple[Tensor, ...], shared: tuple[Tensor, ...], own: Tensor) -> Tensor:
    """Return the mean of the losses of rows (N, …) beside shared tensors; scores live for one chunk at a time."""
    count, columns = tf.shape(own)[0], tf.shape(shared[0])[0]
    size = tf.maximum(1, tf.minimum(tf.maximum(count, 1), SCORES_AT_ONCE // tf.maximum(columns, 1)))
    chunks = tf.maximum(1, (count + size - 1) // size)  # without rows one that is empty: nothing can't be joined
    share = 1.0 / tf.cast(tf.maximum(count, 1), tf.float32)

    @tf.custom_gradient  # type: ignore[untyped-decorator] # TensorFlow is untyped
    def run(*tensors: Tensor) -> Tensor:
        mine, common = tensors[: len(rows)], list(tensors[len(rows) :])

        def part(i: Tensor, loss: Tensor, to_rows: Tensor, to_shared: Tensor) -> tuple[Tensor, ...]:
            start, end = i * size, tf.minimum((i + 1) * size, count)
            parts = [each[start:end] for each in mine]
            with tf.GradientTape() as tape:
                tape.watch([*parts, *common])
                total = tf.reduce_sum(losses(*parts, *common, own[start:end]))
            found = tape.gradient(total, [*parts, *common], unconnected_gradients=tf.UnconnectedGradients.ZERO)
            to_rows = [array.write(i, gradient) for array, gradient in zip(to_rows, found, strict=False)]
            to_shared = [sum_ + gradient for sum_, gradient in zip(to_shared, found[len(parts) :], strict=True)]
            return i + 1, loss + total, to_rows, to_shared

        arrays = [
            tf.TensorArray(tf.float32, size=chunks, infer_shape=False, element_shape=[None, *each.shape[1:]])
            for each in mine
        ]
        start = (tf.constant(0), tf.constant(0.0), arrays, [tf.zeros_like(each) for each in common])
        _, loss, to_rows, to_shared = tf.while_loop(lambda i, *_: i < chunks, part, start, parallel_iterations=1)
        joined = [tf.reshape(array.concat(), tf.shape(each)) for array, each in zip(to_rows, mine, strict=True)]

        def backward(up: Tensor) -> tuple[Tensor, ...]:
            return tuple(up * share * gradient for gradient in (*joined, *to_shared))

        return loss * share, backward

    return run(*(tf.cast(each, tf.float32) for each in (*rows, *shared)))
