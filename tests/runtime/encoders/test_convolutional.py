"""`nextitnet` and `caser` give what their papers' equations give on the same weights."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runtime.encoders.bench import WIDTH, Array, Bench, Weights, dense, norm, relu

DILATIONS, KERNEL = (1, 2), 3
WINDOW, HORIZONTAL, VERTICAL = 4, 3, 2


def convolution(x: Array, weights: Weights, name: str, dilation: int) -> Array:
    """Return Yuan et al. 2019, section 3.2: zeros stand before the first step."""
    kernel = weights[f"{name}/kernel"].reshape(KERNEL, WIDTH, WIDTH)
    out = np.tile(weights[f"{name}/bias"], (len(x), 1))
    for t in range(len(x)):
        for i in range(KERNEL):
            place = t - (KERNEL - 1 - i) * dilation
            if place >= 0:
                out[t] += x[place] @ kernel[i]
    return out


def nextitnet(x: Array, weights: Weights) -> Array:
    """Return figure 3 (b), block by block."""
    for block, dilation in enumerate(DILATIONS):
        inner = x
        for part, each in enumerate((dilation, 2 * dilation), 1):
            number = 2 * block + part
            inner = convolution(inner, weights, f"causalconvolution_{number}", each)
            inner = relu(norm(inner, weights, f"layernormalization_{number}", 1e-8))
        x = x + inner
    return x


def caser(x: Array, weights: Weights) -> Array:
    """Return Tang and Wang 2018, equations 3 to 8, of one session."""
    image = np.zeros((WINDOW, WIDTH))
    last = x[-WINDOW:]
    image[WINDOW - len(last) :] = last
    vertical = image.T @ weights["dense_1/kernel"] + weights["dense_1/bias"]  # (D, filters)
    found = [vertical.reshape(-1)]
    for height in range(1, WINDOW + 1):
        kernel = weights[f"conv1d_{height}/kernel"]  # (h, D, filters)
        values = [
            np.einsum("hd,hdf->f", image[i : i + height], kernel) + weights[f"conv1d_{height}/bias"]
            for i in range(WINDOW - height + 1)
        ]
        found.append(relu(np.stack(values)).max(axis=0))
    return relu(dense(np.concatenate(found), weights, "dense_2"))


def test_nextitnet_is_its_paper() -> None:
    bench = Bench("nextitnet", dilations=list(DILATIONS), kernel=KERNEL)
    np.testing.assert_allclose(bench.found(), bench.expected(nextitnet), atol=1e-5)


def test_caser_is_its_paper() -> None:
    bench = Bench("caser", window=WINDOW, horizontal=HORIZONTAL, vertical=VERTICAL)
    np.testing.assert_allclose(bench.found(), bench.expected(caser), atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2])
def test_convolutions_reach_beyond_a_short_session(steps: int) -> None:
    bench = Bench("nextitnet")
    found = np.asarray(bench.model([bench.x[:, :steps], bench.mask[:, :steps]]))
    np.testing.assert_allclose(found[0], np.asarray(bench.model([bench.x, bench.mask]))[0, :steps], atol=1e-6)
