"""`xlnet` and `transformer_xl` give the four terms of Dai et al. 2019, section 3.3, pair by pair of steps."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.runtime.encoders.bench import (
    HEADS,
    LAYERS,
    NEGATIVE,
    WIDTH,
    Array,
    Bench,
    Weights,
    feed,
    gelu,
    norm,
    relu,
    softmax,
)


def relative(
    x: Array, weights: Weights, *, is_causal: bool, epsilon: float, activation: Callable[[Array], Array]
) -> Array:
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
        attended = np.concatenate(parts, axis=1) @ weights[f"{name}/output"]
        x = norm(x + attended, weights, f"layernormalization_{2 * layer - 1}", epsilon)
        inner_norm = f"layernormalization_{2 * layer}"
        x = norm(x + feed(x, weights, f"feedforward_{layer}", activation), weights, inner_norm, epsilon)
    return x


def sinusoid(distance: int) -> Array:
    angles = distance / np.power(10_000.0, np.arange(0, WIDTH, 2) / WIDTH)
    return np.concatenate([np.sin(angles), np.cos(angles)])


@pytest.mark.parametrize("attention", ["causal", "bidirectional"])
def test_xlnet_is_its_paper(attention: str) -> None:
    bench = Bench("xlnet", layers=LAYERS, heads=HEADS, attention=attention)
    is_causal = attention == "causal"
    expected = bench.expected(
        lambda x, weights: relative(x, weights, is_causal=is_causal, epsilon=1e-12, activation=gelu)
    )
    np.testing.assert_allclose(bench.found(), expected, atol=1e-5)


def test_transformer_xl_is_its_paper() -> None:
    bench = Bench("transformer_xl", layers=LAYERS, heads=HEADS)
    expected = bench.expected(lambda x, weights: relative(x, weights, is_causal=True, epsilon=1e-5, activation=relu))
    np.testing.assert_allclose(bench.found(), expected, atol=1e-5)
