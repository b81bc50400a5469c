"""Encoders give what the equations of their papers give, written here in plain numpy on the same weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from sess.compiler.block import Chosen, Kind
from sess.runtime.border import Border, Layers, Surroundings, lower

Array = NDArray[Any]
WIDTH, HEADS, LONGEST, LAYERS = 8, 2, 9, 2
LENGTHS = np.array([7, 3, 1])
NEGATIVE = -1e30


class Bench:
    """An encoder between an input and its output, and its weights by the names of layers and weights."""

    def __init__(self, name: str, **params: object) -> None:
        draw = np.random.default_rng(5)
        x, mask = keras.Input((None, WIDTH)), keras.Input((None,), dtype="bool")
        layers = Layers()
        border = Border(Surroundings(layers, {}, {}, {}, {}, None, mask, LONGEST, 1), "e", {"x": x})
        chosen = Chosen(name, params)  # type: ignore[arg-type] # JSON values
        self.model = keras.Model([x, mask], lower(chosen, Kind.ENCODER, border))
        self.weights: dict[str, Array] = {}
        for layer in layers.made:
            for weight in layer.weights:
                if "seed" not in weight.path:
                    weight.assign(draw.normal(0.0, 0.6, tuple(weight.shape)))
                    self.weights[weight.path.removeprefix("e.")] = np.asarray(weight, np.float64)
        self.mask = np.arange(7) < LENGTHS[:, None]
        self.x = draw.normal(0.0, 1.0, (3, 7, WIDTH)).astype(np.float32)

    def found(self) -> Array:
        """Return what the encoder gives at real steps."""
        return np.asarray(self.model([self.x, self.mask]))[self.mask]


def norm(x: Array, weights: Mapping[str, Array], i: int, epsilon: float) -> Array:
    name = f"layernormalization_{i}"
    centered = x - x.mean(-1, keepdims=True)
    scaled = centered / np.sqrt(centered.var(-1, keepdims=True) + epsilon)
    return scaled * weights[f"{name}/gamma"] + weights[f"{name}/beta"]


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def gelu(x: Array) -> Array:
    return 0.5 * x * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0)))


def feed(x: Array, weights: Mapping[str, Array], i: int, activation: Any) -> Array:  # a function of arrays
    name = f"feedforward_{i}"
    inner = activation(x @ weights[f"{name}/first/kernel"] + weights[f"{name}/first/bias"])
    return inner @ weights[f"{name}/second/kernel"] + weights[f"{name}/second/bias"]


def sasrec(x: Array, weights: Mapping[str, Array]) -> Array:
    """Return one session's vectors, (T, D) -> (T, D) (Kang and McAuley 2018, equations 1 to 6)."""
    steps, inner = len(x), WIDTH // HEADS
    x = x + weights["positions_1/positions"][:steps]
    for layer in range(1, LAYERS + 1):
        query, key, value = np.split(weights[f"selfattention_{layer}/query_key_value"], 3, axis=1)
        asked = norm(x, weights, 2 * layer - 1, 1e-8)
        parts = []
        for head in range(HEADS):
            own = slice(head * inner, (head + 1) * inner)
            q, k, v = asked @ query[:, own], asked @ key[:, own], asked @ value[:, own]
            scores = np.where(np.tri(steps, dtype=bool), q @ k.T / math.sqrt(inner), NEGATIVE)
            parts.append(softmax(scores) @ v)
        x = x + np.concatenate(parts, axis=1)
        x = x + feed(norm(x, weights, 2 * layer, 1e-8), weights, layer, lambda y: np.maximum(y, 0.0))
    return norm(x, weights, 2 * LAYERS + 1, 1e-8)


def xlnet(x: Array, weights: Mapping[str, Array], *, is_causal: bool) -> Array:
    """Return one session's vectors, the four terms of Dai et al. 2019, section 3.3, pair by pair of steps."""
    steps, inner = len(x), WIDTH // HEADS
    for layer in range(1, LAYERS + 1):
        name = f"relativeattention_{layer}"
        query, key, value = np.split(weights[f"{name}/query_key_value"], 3, axis=1)
        parts = []
        for head in range(HEADS):
            own = slice(head * inner, (head + 1) * inner)
            q, k, v = x @ query[:, own], x @ key[:, own], x @ value[:, own]
            u, w = weights[f"{name}/content_bias"][head, 0], weights[f"{name}/distance_bias"][head, 0]
            scores = np.full((steps, steps), NEGATIVE)
            for i in range(steps):
                for j in range(i + 1 if is_causal else steps):
                    far = sinusoid(i - j) @ weights[f"{name}/distance"][:, own]
                    scores[i, j] = (q[i] @ k[j] + q[i] @ far + u @ k[j] + w @ far) / math.sqrt(inner)
            parts.append(softmax(scores) @ v)
        x = norm(x + np.concatenate(parts, axis=1) @ weights[f"{name}/output"], weights, 2 * layer - 1, 1e-12)
        x = norm(x + feed(x, weights, layer, gelu), weights, 2 * layer, 1e-12)
    return x


def sinusoid(distance: int) -> Array:
    angles = distance / np.power(10_000.0, np.arange(0, WIDTH, 2) / WIDTH)
    return np.concatenate([np.sin(angles), np.cos(angles)])


def gru(x: Array, weights: Mapping[str, Array]) -> Array:
    """Return one session's vectors (Cho et al. 2014), the reset after the product, as cuDNN has it."""
    for layer in range(1, LAYERS + 1):
        stem = f"gru_{layer}/gru_cell"
        kernel, recurrent, bias = (weights[f"{stem}/{word}"] for word in ("kernel", "recurrent_kernel", "bias"))
        state, out = np.zeros(WIDTH), []
        for step in x:
            given = np.split(step @ kernel + bias[0], 3)
            kept = np.split(state @ recurrent + bias[1], 3)
            update, reset = (1.0 / (1.0 + np.exp(-(given[i] + kept[i]))) for i in (0, 1))
            state = update * state + (1.0 - update) * np.tanh(given[2] + reset * kept[2])
            out.append(state)
        x = np.stack(out)
    return x


CASES = {
    "sasrec": (Bench, "sasrec", {"layers": LAYERS, "heads": HEADS}, sasrec),
    "bidirectional xlnet": (
        Bench, "xlnet", {"layers": LAYERS, "heads": HEADS}, lambda x, weights: xlnet(x, weights, is_causal=False)
    ),
    "causal xlnet": (
        Bench, "xlnet", {"layers": LAYERS, "heads": HEADS, "attention": "causal"},
        lambda x, weights: xlnet(x, weights, is_causal=True),
    ),
    "gru": (Bench, "gru", {"units": WIDTH, "layers": LAYERS}, gru),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_encoder_is_its_paper(case: str) -> None:
    make, name, params, oracle = CASES[case]
    bench = make(name, **params)
    rows = [
        oracle(row[:length].astype(np.float64), bench.weights) for row, length in zip(bench.x, LENGTHS, strict=True)
    ]
    np.testing.assert_allclose(bench.found(), np.concatenate(rows), atol=1e-5)
