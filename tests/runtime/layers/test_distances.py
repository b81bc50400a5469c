"""What is computed for every distance once is read by every pair of steps at that distance."""

from __future__ import annotations

import numpy as np
import pytest

from sess.runtime.layers.attention import by_distance
from sess.runtime.layers.waves import distances


@pytest.mark.parametrize("steps", [1, 2, 5, 8])
def test_each_pair_of_steps_reads_its_own_distance(steps: int) -> None:
    placed = np.random.default_rng(steps).normal(size=(2, 3, steps, 2 * steps - 1)).astype(np.float32)
    found = np.asarray(by_distance(placed))
    assert found.shape == (2, 3, steps, steps)
    for i in range(steps):
        for j in range(steps):
            # Column 0 is the distance steps - 1, the last one 1 - steps.
            np.testing.assert_array_equal(found[:, :, i, j], placed[:, :, i, steps - 1 - (i - j)])


@pytest.mark.parametrize("width", [1, 5, 6])
def test_sinusoids_are_those_of_the_distances(width: int) -> None:
    found = np.asarray(distances(4, width, "float32"))
    assert found.shape == (7, width)
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)
    for i, far in enumerate(range(3, -4, -1)):
        expected = np.concatenate([np.sin(far * rates), np.cos(far * rates)])[:width]
        np.testing.assert_allclose(found[i], expected, atol=1e-5)
