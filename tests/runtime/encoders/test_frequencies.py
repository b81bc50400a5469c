"""`fmlp` and `bsarec` give what a fast Fourier transform of the frame gives, wherever in it the session stands."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.runtime.encoders.bench import (
    HEADS,
    LAYERS,
    LONGEST,
    Array,
    Bench,
    Weights,
    feed,
    gelu,
    norm,
    softmax,
    split_heads,
)

ALPHA, LOWEST = 0.3, 3


def framed(x: Array, offset: int) -> Array:
    """Return x in a frame of zeros."""
    frame = np.zeros((LONGEST, x.shape[1]))
    frame[offset : offset + len(x)] = x
    return frame


def embed(x: Array, weights: Weights) -> Array:
    return norm(x + weights["positions_1/positions"][: len(x)], weights, "layernormalization_1", 1e-12)


def fmlp(x: Array, weights: Weights, offset: int) -> Array:
    """Return Zhou et al. 2022, equations 4 to 9."""
    x = embed(x, weights)
    for layer in range(1, LAYERS + 1):
        real, imaginary = weights[f"spectralfilter_{layer}/spectrum"]
        spectrum = np.fft.rfft(framed(x, offset), axis=0, norm="ortho") * (real + 1j * imaginary)
        filtered = np.fft.irfft(spectrum, n=LONGEST, axis=0, norm="ortho")[offset : offset + len(x)]
        x = norm(x + filtered, weights, f"layernormalization_{2 * layer}", 1e-12)
        x = norm(
            x + feed(x, weights, f"feedforward_{layer}", gelu), weights, f"layernormalization_{2 * layer + 1}", 1e-12
        )
    return x


def bsarec(x: Array, weights: Weights, offset: int) -> Array:
    """Return Shin et al. 2024, equations 8 to 11."""
    x = embed(x, weights)
    for layer in range(1, LAYERS + 1):
        spectrum = np.fft.rfft(framed(x, offset), axis=0)
        spectrum[LOWEST // 2 + 1 :] = 0.0
        low = np.fft.irfft(spectrum, n=LONGEST, axis=0)[offset : offset + len(x)]
        rescaled = low + weights[f"frequencyrescale_{layer}/scale"] ** 2 * (x - low)
        name = f"selfattention_{layer}"
        joined = x @ weights[f"{name}/query_key_value"] + weights[f"{name}/query_key_value_bias"]
        parts = [
            softmax(q @ k.T / math.sqrt(q.shape[1])) @ v
            for q, k, v in zip(*(split_heads(each) for each in np.split(joined, 3, axis=1)), strict=True)
        ]
        attended = np.concatenate(parts, axis=1) @ weights[f"{name}/output"] + weights[f"{name}/output_bias"]
        one, two, three = (f"layernormalization_{3 * layer - 1 + i}" for i in range(3))
        x = ALPHA * norm(x + rescaled, weights, one, 1e-12) + (1 - ALPHA) * norm(x + attended, weights, two, 1e-12)
        x = norm(x + feed(x, weights, f"feedforward_{layer}", gelu), weights, three, 1e-12)
    return x


@pytest.mark.parametrize("offset", [0, 2])
def test_fmlp_is_its_paper(offset: int) -> None:
    bench = Bench("fmlp", layers=LAYERS)
    expected = bench.expected(lambda x, weights: fmlp(x, weights, offset))
    np.testing.assert_allclose(bench.found(), expected, atol=1e-5)


@pytest.mark.parametrize("offset", [0, 2])
def test_bsarec_is_its_paper(offset: int) -> None:
    bench = Bench("bsarec", layers=LAYERS, heads=HEADS, alpha=ALPHA, c=LOWEST)
    expected = bench.expected(lambda x, weights: bsarec(x, weights, offset))
    np.testing.assert_allclose(bench.found(), expected, atol=1e-5)


@pytest.mark.parametrize("longest", [1, 2, 7, 8])
def test_waves_are_the_inverse_transform(longest: int) -> None:
    from sess.runtime.layers.frequencies import waves

    draw = np.random.default_rng(0)
    real, imaginary = draw.normal(size=(2, longest // 2 + 1))
    cosine, sine = waves(longest)
    expected = np.fft.irfft(real + 1j * imaginary, n=longest)
    np.testing.assert_allclose(cosine @ real - sine @ imaginary, expected, atol=1e-6)
