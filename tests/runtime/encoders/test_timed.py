"""The encoders that know the time give what their papers' equations give on the same weights, pair by pair of steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.runtime.encoders.bench import (
    HEADS,
    LAYERS,
    LONGEST,
    WIDTH,
    Array,
    TimedBench,
    Weights,
    feed,
    norm,
    relu,
    sigmoid,
    softmax,
    split_heads,
)

SPAN, BUCKETS = 6, 12


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def plain_norm(x: Array) -> Array:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)


def hstu(x: Array, weights: Weights, times: Array) -> Array:
    """Return Zhai et al. 2024, equations 1 to 3, of what the authors' code feeds the first layer."""
    x = x * math.sqrt(WIDTH) + weights["positions_1/positions"][: len(x)]
    for layer in range(1, LAYERS + 1):
        name = f"pointwiseattention_{layer}"
        gate, value, query, key = np.split(silu(plain_norm(x) @ weights[f"{name}/gate_value_query_key"]), 4, axis=1)
        parts = []
        for v, q, k in zip(*(split_heads(each) for each in (value, query, key)), strict=True):
            part = np.zeros_like(v)
            for i in range(len(x)):
                for j in range(i + 1):
                    bucket = int(math.log(max(times[i] - times[j], 1.0)) / 0.301)
                    bias = weights[f"{name}/places"][i - j] + weights[f"{name}/times"][min(bucket, BUCKETS - 1)]
                    part[i] += silu(q[i] @ k[j] + bias) / LONGEST * v[j]
            parts.append(part)
        mixed = plain_norm(np.concatenate(parts, axis=1)) * gate
        x = x + mixed @ weights[f"{name}/output"] + weights[f"{name}/output_bias"]
    return x


def tisasrec(x: Array, weights: Weights, times: Array) -> Array:
    """Return Li et al. 2020, equations 6 to 8, the session's shortest interval being that of the steps up to i."""
    place_keys, place_values, interval_keys, interval_values = (
        weights[f"intervalmarks_1/{kind}"]
        for kind in ("place_keys", "place_values", "interval_keys", "interval_values")
    )
    inner = WIDTH // HEADS
    for layer in range(1, LAYERS + 1):
        asked = norm(x, weights, f"layernormalization_{2 * layer - 1}", 1e-8)
        query, key, value = np.split(asked @ weights[f"intervalattention_{layer}/query_key_value"], 3, axis=1)
        out = np.zeros_like(x)
        for head in range(HEADS):
            own = slice(head * inner, (head + 1) * inner)
            for i in range(len(x)):
                gaps = np.diff(times[: i + 1])
                shortest = min((gap for gap in gaps if gap > 0), default=1.0)
                apart = [min(SPAN, math.floor((times[i] - times[j]) / shortest)) for j in range(i + 1)]
                keys = np.stack([key[j, own] + place_keys[j, own] + interval_keys[apart[j], own] for j in range(i + 1)])
                values = [value[j, own] + place_values[j, own] + interval_values[apart[j], own] for j in range(i + 1)]
                out[i, own] = softmax(keys @ query[i, own] / math.sqrt(inner)) @ np.stack(values)
        x = x + out
        x = x + feed(norm(x, weights, f"layernormalization_{2 * layer}", 1e-8), weights, f"feedforward_{layer}", relu)
    return norm(x, weights, f"layernormalization_{2 * LAYERS + 1}", 1e-8)


@pytest.mark.parametrize(
    ("name", "params", "oracle"), [("hstu", {"buckets": BUCKETS}, hstu), ("tisasrec", {"span": SPAN}, tisasrec)]
)
def test_an_encoder_is_its_paper(name: str, params: dict[str, int], oracle: object) -> None:
    bench = TimedBench(name, layers=LAYERS, heads=HEADS, **params)
    np.testing.assert_allclose(bench.found(), bench.expected(oracle), atol=1e-5)


@pytest.mark.parametrize("name", ["hstu", "tisasrec"])
def test_only_differences_of_times_count(name: str) -> None:
    bench = TimedBench(name, layers=LAYERS, heads=HEADS)
    before = bench.found()
    bench.times += 1000.0
    np.testing.assert_array_equal(bench.found(), before)
    bench.times[0, 3:] += 500.0
    assert np.abs(bench.found() - before).max() > 1e-3
