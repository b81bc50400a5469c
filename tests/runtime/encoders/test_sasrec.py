"""`sasrec` gives what equations 1 to 6 of Kang and McAuley 2018 give on the same weights."""

from __future__ import annotations

import math

import numpy as np

from tests.runtime.encoders.bench import (
    HEADS,
    LAYERS,
    NEGATIVE,
    Array,
    Bench,
    Weights,
    feed,
    norm,
    relu,
    softmax,
    split_heads,
)


def sasrec(x: Array, weights: Weights) -> Array:
    x = x + weights["positions_1/positions"][: len(x)]
    for layer in range(1, LAYERS + 1):
        asked = norm(x, weights, f"layernormalization_{2 * layer - 1}", 1e-8)
        joined = asked @ weights[f"selfattention_{layer}/query_key_value"]
        parts = []
        for q, k, v in zip(*(split_heads(each) for each in np.split(joined, 3, axis=1)), strict=True):
            scores = np.where(np.tri(len(x), dtype=bool), q @ k.T / math.sqrt(q.shape[1]), NEGATIVE)
            parts.append(softmax(scores) @ v)
        x = x + np.concatenate(parts, axis=1)
        asked = norm(x, weights, f"layernormalization_{2 * layer}", 1e-8)
        x = x + feed(asked, weights, f"feedforward_{layer}", relu)
    return norm(x, weights, f"layernormalization_{2 * LAYERS + 1}", 1e-8)


def test_sasrec_is_its_paper() -> None:
    bench = Bench("sasrec", layers=LAYERS, heads=HEADS)
    np.testing.assert_allclose(bench.found(), bench.expected(sasrec), atol=1e-5)
