"""Bootstrap intervals: seeded, and as wide as the theory says."""

from __future__ import annotations

import numpy as np
import pytest

from sess.runtime.evaluate.bootstrap import Figure, means


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    values = (np.arange(2000) < 600).astype(np.float64)[:, None]
    (figure,) = means(values, seed=1)
    error = np.sqrt(0.3 * 0.7 / 2000)
    assert figure.value == pytest.approx(0.3)
    assert figure.low == pytest.approx(0.3 - 1.96 * error, abs=0.25 * error)
    assert figure.high == pytest.approx(0.3 + 1.96 * error, abs=0.25 * error)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).random((50, 2))
    assert means(values, seed=7) == means(values, seed=7) != means(values, seed=8)


def test_no_session_gives_no_figure() -> None:
    assert means(np.zeros((0, 2)), seed=1) == (Figure(None), Figure(None))


@pytest.mark.parametrize("count", [60, 400])
def test_95_of_100_intervals_cover_what_is_true(count: int) -> None:
    draw, rounds = np.random.default_rng(9), 400
    hits = (draw.random((count, rounds)) < 0.3).astype(np.float64)  # recall: hit or miss
    places = 1.0 / draw.integers(1, 21, (count, rounds))  # mrr: skewed
    for values, truth in ((hits, 0.3), (places, float(np.mean(1.0 / np.arange(1, 21))))):
        figures = means(values, seed=3)
        covered = sum(figure.low <= truth <= figure.high for figure in figures)  # type: ignore[operator]
        assert 0.91 <= covered / rounds <= 0.98
