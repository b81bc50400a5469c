"""`narm` and `stamp` give what their papers' equations give on the same weights."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runtime.encoders.bench import WIDTH, Array, Bench, Weights, dense, sigmoid
from tests.runtime.encoders.test_recurrent import gru


def narm(x: Array, weights: Weights) -> Array:
    """Return Li et al. 2017, equations 3 to 8."""
    states = gru(x, weights, layers=1)
    last, attended = states[-1], np.zeros(WIDTH)
    for state in states:
        inner = sigmoid(last @ weights["dense_1/kernel"] + state @ weights["dense_2/kernel"])
        attended += (inner @ weights["dense_3/kernel"]) * state
    return np.concatenate([last, attended]) @ weights["dense_4/kernel"]


def stamp(x: Array, weights: Weights) -> Array:
    """Return Liu et al. 2018, equations 1 to 9: what the item's vector is multiplied with."""
    last, memory, attended = x[-1], x.mean(axis=0), np.zeros(WIDTH)
    for step in x:
        inner = last @ weights["dense_1/kernel"] + memory @ weights["dense_2/kernel"] + dense(step, weights, "dense_4")
        attended += (sigmoid(inner) @ weights["dense_3/kernel"]) * step
    return np.tanh(dense(attended, weights, "dense_5")) * np.tanh(dense(last, weights, "dense_6"))


@pytest.mark.parametrize(("name", "params", "oracle"), [("narm", {"units": WIDTH}, narm), ("stamp", {}, stamp)])
def test_an_encoder_is_its_paper(name: str, params: dict[str, int], oracle: object) -> None:
    bench = Bench(name, **params)
    np.testing.assert_allclose(bench.found(), bench.expected(oracle), atol=1e-5)
