"""`gru` and `lstm` give what their papers' equations give on the same weights."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runtime.encoders.bench import LAYERS, WIDTH, Array, Bench, Oracle, Weights, sigmoid


def gru(x: Array, weights: Weights, layers: int = LAYERS) -> Array:
    """Return Cho et al. 2014, the reset after the product, as cuDNN has it."""
    for layer in range(1, layers + 1):
        stem = f"gru_{layer}/gru_cell"
        kernel, recurrent, bias = (weights[f"{stem}/{word}"] for word in ("kernel", "recurrent_kernel", "bias"))
        state, out = np.zeros(WIDTH), []
        for step in x:
            given = np.split(step @ kernel + bias[0], 3)
            kept = np.split(state @ recurrent + bias[1], 3)
            update, reset = (sigmoid(given[i] + kept[i]) for i in (0, 1))
            state = update * state + (1.0 - update) * np.tanh(given[2] + reset * kept[2])
            out.append(state)
        x = np.stack(out)
    return x


def lstm(x: Array, weights: Weights) -> Array:
    """Return Gers et al. 2000 without peepholes: input, forget, candidate, output."""
    for layer in range(1, LAYERS + 1):
        stem = f"lstm_{layer}/lstm_cell"
        kernel, recurrent, bias = (weights[f"{stem}/{word}"] for word in ("kernel", "recurrent_kernel", "bias"))
        state, cell, out = np.zeros(WIDTH), np.zeros(WIDTH), []
        for step in x:
            let_in, keep, candidate, let_out = np.split(step @ kernel + state @ recurrent + bias, 4)
            cell = sigmoid(keep) * cell + sigmoid(let_in) * np.tanh(candidate)
            state = sigmoid(let_out) * np.tanh(cell)
            out.append(state)
        x = np.stack(out)
    return x


@pytest.mark.parametrize(("name", "oracle"), [("gru", gru), ("lstm", lstm)])
def test_an_encoder_is_its_paper(name: str, oracle: Oracle) -> None:
    bench = Bench(name, units=WIDTH, layers=LAYERS)
    np.testing.assert_allclose(bench.found(), bench.expected(oracle), atol=1e-5)
