"""The chunked cross-entropy is the plain formula, and so is its gradient."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from sess.runtime.layers import cross_entropy
from sess.runtime.layers.cross_entropy import softmax_cross_entropy

Tensor = Any  # TensorFlow is untyped


def plain(states: Tensor, items: Tensor, bias: Tensor | None, targets: Tensor, smoothing: float) -> Tensor:
    scores = tf.matmul(states, items, transpose_b=True)
    logs = tf.nn.log_softmax(scores if bias is None else scores + bias, axis=1)
    right = tf.gather(logs, targets, batch_dims=1)
    return -tf.reduce_mean((1.0 - smoothing) * right + smoothing * tf.reduce_mean(logs, axis=1))


def with_gradient(loss: Any, values: list[Tensor], *rest: object) -> tuple[Tensor, list[Tensor]]:
    with tf.GradientTape() as tape:
        tape.watch(values)
        states, items, *bias = values
        # Not the loss itself: what flows back into it isn't 1.
        found = 3.0 * loss(states, items, bias[0] if bias else None, *rest)
    return found, tape.gradient(found, values)


@pytest.mark.parametrize(("has_bias", "smoothing", "at_once"), [*product([False, True], [0.0, 0.2], [1 << 22, 40, 1])])
def test_loss_and_gradient_are_those_of_the_formula(
    has_bias: bool, smoothing: float, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_entropy, "SCORES_AT_ONCE", at_once)  # 10 rows at once, 3 (the last chunk short), 1
    draw = np.random.default_rng(1)
    values = [tf.constant(draw.normal(size=shape), tf.float32) for shape in ((10, 4), (13, 4), (13,))]
    values = values if has_bias else values[:2]
    targets = tf.constant(draw.integers(0, 13, 10), tf.int32)
    found, gradients = with_gradient(softmax_cross_entropy, values, targets, smoothing)
    expected, wanted = with_gradient(plain, values, targets, smoothing)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    for gradient, each in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(gradient, each, atol=1e-6)


def test_a_catalogue_beyond_one_chunk_is_compared_in_several() -> None:
    draw = np.random.default_rng(2)
    values = [tf.constant(draw.normal(size=shape), tf.float32) for shape in ((200, 2), (40_000, 2))]
    targets = tf.constant(draw.integers(0, 40_000, 200), tf.int32)
    assert cross_entropy.SCORES_AT_ONCE < 200 * 40_000
    found, gradients = with_gradient(softmax_cross_entropy, values, targets, 0.0)
    expected, wanted = with_gradient(plain, values, targets, 0.0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(gradients[0], wanted[0], atol=1e-6)


@pytest.mark.parametrize("wrap", [lambda run: run, tf.function], ids=["eager", "compiled"])
def test_no_examples_give_no_loss_and_no_gradient(wrap: Any) -> None:
    values = [tf.zeros((0, 4)), tf.ones((5, 4))]
    run = wrap(lambda: with_gradient(softmax_cross_entropy, values, tf.zeros((0,), tf.int32), 0.0))
    found, gradients = run()
    assert float(found) == 0.0
    np.testing.assert_array_equal(gradients[1], np.zeros((5, 4)))


def test_scores_that_are_huge_stay_finite() -> None:
    values = [tf.constant([[1e4, 0.0]]), tf.constant([[1e4, 0.0], [0.0, 1.0], [-1e4, 0.0]])]
    found, gradients = with_gradient(softmax_cross_entropy, values, tf.constant([1]), 0.0)
    assert np.isfinite(float(found)) and np.isfinite(np.asarray(gradients[0])).all()
