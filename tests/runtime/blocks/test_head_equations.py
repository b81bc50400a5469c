"""Heads give what their equations give, in plain numpy on the same weights: the loss, and what is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Chosen, Kind
from sess.compiler.prediction import LoweredHead
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.vocabulary import VocabularySize

N, D, V, RESERVED = 7, 4, 9, 3
DRAW = np.random.default_rng(6)
STATES = DRAW.normal(size=(N, D)).astype(np.float32)
PLACES = DRAW.integers(0, V, N)


def head(name: str, **params: Any) -> tuple[LoweredHead, dict[str, NDArray[Any]]]:
    """Return a head of the registry and its weights by name, drawn anew."""
    layers = Layers()
    border = Border(Surroundings(layers, {}, {}, {}, {}, None, None, 0, 1), "h", {})
    border.width, border.items = D, VocabularySize(RESERVED, RESERVED + V)
    target = {"names": ["target"], "level": "step", "group": ""}
    made: LoweredHead = lower(Chosen(name, {"target": target, **params}), Kind.HEAD, border)
    weights = {}
    for layer in layers.made:
        for weight in layer.weights:
            weight.assign(DRAW.normal(0.0, 0.7, tuple(weight.shape)))
            weights[weight.path.rpartition("/")[2]] = np.asarray(weight, np.float64)
    return made, weights


def test_binary_is_the_cross_entropy_of_a_logistic_chance() -> None:
    made, weights = head("binary")
    targets = (PLACES % 2).astype(np.float32)
    logits = (STATES @ weights["kernel"] + weights["bias"])[:, 0]
    chances = 1.0 / (1.0 + np.exp(-logits))
    expected = -np.mean(targets * np.log(chances) + (1.0 - targets) * np.log(1.0 - chances))
    np.testing.assert_allclose(made.loss(STATES, targets, targets[:, None]), expected, rtol=1e-5)
    np.testing.assert_allclose(made.scores(STATES), chances, rtol=1e-5)


def test_regression_is_the_mean_squared_error() -> None:
    made, weights = head("regression")
    targets = PLACES.astype(np.float32)
    numbers = (STATES @ weights["kernel"] + weights["bias"])[:, 0]
    np.testing.assert_allclose(
        made.loss(STATES, targets, targets[:, None]), np.mean((numbers - targets) ** 2), rtol=1e-5
    )
    np.testing.assert_allclose(made.scores(STATES), numbers, rtol=1e-5)


@pytest.mark.parametrize(("temperature", "smoothing"), [(1.0, 0.0), (0.25, 0.0), (0.5, 0.2)])
def test_categorical_is_the_softmax_of_states_over_a_temperature_and_a_bias(
    temperature: float, smoothing: float
) -> None:
    made, weights = head("categorical", bias=True, temperature=temperature, label_smoothing=smoothing)
    scores = STATES @ weights["vectors"][RESERVED:].T / temperature + weights["bias"]
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    expected = -np.mean((1.0 - smoothing) * logs[np.arange(N), PLACES] + smoothing * logs.mean(axis=1))
    codes = tf.constant(PLACES + RESERVED, tf.int32)
    np.testing.assert_allclose(made.loss(STATES, codes, codes[:, None]), expected, rtol=1e-5)
    np.testing.assert_allclose(made.scores(STATES), scores, rtol=1e-5)
