"""`linrec` gives the paper's attention over the steps up to each."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sess.runtime.layers.linear_attention import causal_product
from tests.runtime.encoders.bench import HEADS, LAYERS, Array, Bench, Weights, feed, gelu, norm, split_heads


def elu(x: Array) -> Array:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))


def attention(x: Array, weights: Weights, name: str) -> Array:
    """Return Liu et al. 2023, section 3.2, of all steps: rows of queries and columns of keys have length 1."""
    joined = x @ weights[f"{name}/query_key_value"] + weights[f"{name}/query_key_value_bias"]
    parts = []
    for q, k, v in zip(*(split_heads(each) for each in np.split(joined, 3, axis=1)), strict=True):
        rows = elu(q) / np.linalg.norm(elu(q), axis=1, keepdims=True)
        columns = elu(k) / np.linalg.norm(elu(k), axis=0, keepdims=True)
        parts.append(rows @ (columns.T @ v) / math.sqrt(q.shape[1]))
    return np.concatenate(parts, axis=1) @ weights[f"{name}/output"] + weights[f"{name}/output_bias"]


def linrec(x: Array, weights: Weights) -> Array:
    x = norm(x + weights["positions_1/positions"][: len(x)], weights, "layernormalization_1", 1e-12)
    for layer in range(1, LAYERS + 1):
        name = f"transformerlayer_{layer}"
        found = np.stack([attention(x[: i + 1], weights, f"{name}/attention")[-1] for i in range(len(x))])
        x = norm(x + found, weights, f"{name}/norm_1", 1e-12)
        x = norm(x + feed(x, weights, f"{name}/feed", gelu), weights, f"{name}/norm_2", 1e-12)
    return x


def test_linrec_is_its_paper() -> None:
    bench = Bench("linrec", layers=LAYERS, heads=HEADS)
    np.testing.assert_allclose(bench.found(), bench.expected(linrec), atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_chunks_change_nothing(chunk: int) -> None:
    query, key, value = np.random.default_rng(0).normal(size=(3, 2, 2, 7, 4)).astype(np.float32)
    found = np.asarray(causal_product(query, key, value, chunk))
    expected = (np.tril(query @ np.swapaxes(key, 2, 3))) @ value
    np.testing.assert_allclose(found, expected, atol=1e-5)
