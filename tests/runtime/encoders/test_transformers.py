"""The encoders made of transformer layers give what their papers' equations give on the same weights."""

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
    dense,
    feed,
    gelu,
    gelu_tanh,
    norm,
    relu,
    softmax,
    split_heads,
)

Activation = Callable[[Array], Array]


def attention(
    x: Array, weights: Weights, name: str, *, is_causal: bool = False, is_rotary: bool = False, reach: int = 99,
    heads: int = HEADS,
) -> Array:  # fmt: skip
    """Return MultiHead(x) W_O (Vaswani et al. 2017, section 3.2), pair by pair of steps."""
    joined = x @ weights[f"{name}/query_key_value"] + weights.get(f"{name}/query_key_value_bias", 0.0)
    parts = []
    for q, k, v in zip(*(split_heads(each, heads) for each in np.split(joined, 3, axis=1)), strict=True):
        scores = np.full((len(x), len(x)), NEGATIVE)
        for i in range(len(x)):
            for j in range(len(x)):
                if abs(i - j) <= reach and not (is_causal and j > i):
                    key = turn(k[j], j - i) if is_rotary else k[j]
                    scores[i, j] = q[i] @ key / math.sqrt(len(key))
        parts.append(softmax(scores) @ v)
    return np.concatenate(parts, axis=1) @ weights[f"{name}/output"] + weights.get(f"{name}/output_bias", 0.0)


def turn(vector: Array, place: int) -> Array:
    """Return a vector's pairs as complex numbers turned by the place (Su et al. 2021, equations 15 and 34)."""
    rates = 10_000.0 ** (-np.arange(0, len(vector), 2) / len(vector))
    turned = (vector[0::2] + 1j * vector[1::2]) * np.exp(1j * place * rates)
    return np.stack([turned.real, turned.imag], axis=1).reshape(-1)


def post(
    x: Array, weights: Weights, name: str, epsilon: float, activation: Activation = gelu, reach: int = 99,
    heads: int = HEADS,
) -> Array:  # fmt: skip
    """Return LN(x + f(x)), twice."""
    attended = attention(x, weights, f"{name}/attention", reach=reach, heads=heads)
    x = norm(x + attended, weights, f"{name}/norm_1", epsilon)
    return norm(x + feed(x, weights, f"{name}/feed", activation), weights, f"{name}/norm_2", epsilon)


def bert(x: Array, weights: Weights, epsilon: float, activation: Activation = gelu, reach: int = 99) -> Array:
    """Return Devlin et al. 2019: embeddings and positions normalised, then the layers."""
    x = norm(x + weights["positions_1/positions"][: len(x)], weights, "layernormalization_1", epsilon)
    for layer in range(1, LAYERS + 1):
        x = post(x, weights, f"transformerlayer_{layer}", epsilon, activation, reach)
    return x


def albert(x: Array, weights: Weights) -> Array:
    """Return Lan et al. 2020: the one layer again and again."""
    x = norm(x + weights["positions_1/positions"][: len(x)], weights, "layernormalization_1", 1e-12)
    for _ in range(LAYERS):
        x = post(x, weights, "transformerlayer_1", 1e-12, gelu_tanh)
    return x


def bert4rec(x: Array, weights: Weights) -> Array:
    """Return Sun et al. 2019, equations 1 to 7, and the norm that the authors' code ends in."""
    x = x + weights["positions_1/positions"][: len(x)]
    for layer in range(1, LAYERS + 1):
        x = post(x, weights, f"transformerlayer_{layer}", 1e-12)
    return norm(gelu(dense(x, weights, "dense_1")), weights, "layernormalization_1", 1e-12)


def pre(x: Array, weights: Weights, epsilon: float, activation: Activation, *, is_rotary: bool = False) -> Array:
    """Return x + f(LN(x)), layer by layer and causal, and a last norm (Radford et al. 2019; Xiong et al. 2020)."""
    for layer in range(1, LAYERS + 1):
        name = f"transformerlayer_{layer}"
        asked = norm(x, weights, f"{name}/norm_1", epsilon)
        x = x + attention(asked, weights, f"{name}/attention", is_causal=True, is_rotary=is_rotary)
        x = x + feed(norm(x, weights, f"{name}/norm_2", epsilon), weights, f"{name}/feed", activation)
    return norm(x, weights, "layernormalization_1", epsilon)


def gpt2(x: Array, weights: Weights) -> Array:
    """Return Radford et al. 2019, section 2.3."""
    return pre(x + weights["positions_1/positions"][: len(x)], weights, 1e-5, gelu_tanh)


def rotary(x: Array, weights: Weights) -> Array:
    return pre(x, weights, 1e-6, relu, is_rotary=True)


def vaswani(x: Array, weights: Weights) -> Array:
    """Return Vaswani et al. 2017: √D x plus sinusoids of the place, post-norm."""
    places = np.arange(len(x))[:, None] / 10_000.0 ** (np.arange(0, WIDTH, 2) / WIDTH)
    x = x * math.sqrt(WIDTH)
    x[:, 0::2] += np.sin(places)
    x[:, 1::2] += np.cos(places)
    for layer in range(1, LAYERS + 1):
        x = post(x, weights, f"transformerlayer_{layer}", 1e-6, relu)
    return x


CASES = {
    "bert": ("bert", {}, lambda x, weights: bert(x, weights, 1e-12, gelu_tanh)),
    "roberta": ("roberta", {}, lambda x, weights: bert(x, weights, 1e-5)),
    "electra": ("electra", {}, lambda x, weights: bert(x, weights, 1e-12)),
    "longformer": ("longformer", {"window": 4}, lambda x, weights: bert(x, weights, 1e-5, reach=2)),
    "longformer, next neighbours": ("longformer", {"window": 2}, lambda x, weights: bert(x, weights, 1e-5, reach=1)),
    "longformer, wide": ("longformer", {}, lambda x, weights: bert(x, weights, 1e-5)),
    "albert": ("albert", {}, albert),
    "bert4rec": ("bert4rec", {}, bert4rec),
    "gpt2": ("gpt2", {}, gpt2),
    "rotary": ("transformer", {"position": "rotary"}, rotary),
    "sinusoidal, post": (
        "transformer", {"attention": "bidirectional", "position": "sinusoidal", "norm": "post", "ffn": 2}, vaswani
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_encoder_is_its_paper(case: str) -> None:
    name, params, oracle = CASES[case]
    bench = Bench(name, layers=LAYERS, heads=HEADS, **params)
    np.testing.assert_allclose(bench.found(), bench.expected(oracle), atol=1e-5)


def test_longformer_reads_what_two_layers_reach_and_no_more() -> None:
    bench = Bench("longformer", layers=2, heads=HEADS, window=2)
    before = np.asarray(bench.model([bench.x, bench.mask]))[0]
    bench.x[0, 6, 0] += 1.0
    moved = np.abs(np.asarray(bench.model([bench.x, bench.mask]))[0] - before).max(axis=1)
    assert (moved[:4] == 0.0).all()
    assert (moved[4:] > 1e-5).all()
