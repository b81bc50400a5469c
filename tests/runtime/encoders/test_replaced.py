"""The generator and the discriminator of `replaced` give what ELECTRA's do on the same weights (Clark et al. 2020)."""

from __future__ import annotations

import keras
import numpy as np

from sess.compiler.blocks.objectives.replaced import Replaced, ReplacedParams
from sess.runtime.border import Border, Layers, Surroundings
from tests.runtime.encoders.bench import LENGTHS, LONGEST, WIDTH, Array, Weights, dense, gelu, norm
from tests.runtime.encoders.test_transformers import post


def test_the_parts_of_replaced_are_the_paper() -> None:
    draw, layers = np.random.default_rng(5), Layers()
    x, mask = keras.Input((None, WIDTH)), keras.Input((None,), dtype="bool")
    inputs = {"stem": x, "state": x, "columns": [x, mask]}
    border = Border(Surroundings(layers, {}, {}, {}, {}, None, mask, LONGEST, 1), "r", inputs)
    parts = Replaced().parts(border, ReplacedParams(generator=0.5))
    weights = {}
    for layer in layers.made:
        for weight in layer.weights:
            weight.assign(draw.normal(0.0, 0.6, tuple(weight.shape)))
            weights[weight.path.removeprefix("r.")] = np.asarray(weight, np.float64)
    sessions = draw.normal(0.0, 1.0, (3, 7, WIDTH)).astype(np.float32)
    real = np.arange(7) < LENGTHS[:, None]
    guesses = np.asarray(parts["generator"]([sessions, real]))
    told = np.asarray(parts["discriminator"](sessions))
    for i, length in enumerate(LENGTHS):
        steps = sessions[i, :length].astype(np.float64)
        np.testing.assert_allclose(guesses[i, :length], generator(steps, weights), atol=1e-5)
        np.testing.assert_allclose(told[i, :length], discriminator(steps, weights), atol=1e-5)


def generator(x: Array, weights: Weights) -> Array:
    """Return the states of section 3.1, of a transformer that is narrower, through the authors' output layer."""
    x = dense(x, weights, "dense_1") + weights["positions_1/positions"][: len(x)]
    x = norm(x, weights, "layernormalization_1", 1e-12)
    for layer in (1, 2):
        x = post(x, weights, f"transformerlayer_{layer}", 1e-12, heads=1)
    return norm(gelu(dense(x, weights, "dense_2")), weights, "layernormalization_2", 1e-12)


def discriminator(x: Array, weights: Weights) -> Array:
    """Return the logit of each step: whether it is replaced."""
    return dense(gelu(dense(x, weights, "dense_4")), weights, "dense_3")
