"""Bootstrap intervals: seeded, and as wide as the theory says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

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


@pytest.mark.parametrize("count", [1, 8, 60, 3000])
@pytest.mark.parametrize("hits", ["none", "all"])
def test_a_share_of_none_or_all_has_the_exact_interval(hits: str, count: int) -> None:
    met = count if hits == "all" else 0
    (figure,) = means(np.full((count, 1), float(hits == "all")), seed=1, most=np.ones(1))
    exact = binomtest(met, count).proportion_ci(0.95, method="exact")
    assert figure.value == met / count
    assert (figure.low, figure.high) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_a_mean_of_values_that_are_all_alike_goes_as_far_as_others_could_move_it() -> None:
    most = np.array([1.0, 0.1, np.nan])
    half, precision, unknown = means(np.tile([0.5, 0.0, 3.0], (20, 1)), seed=1, most=most)
    others = binomtest(0, 20).proportion_ci(0.95, method="exact").high
    assert (half.low, half.high) == pytest.approx((0.5 - 0.5 * others, 0.5 + 0.5 * others))
    assert (precision.low, precision.high) == pytest.approx((0.0, 0.1 * others))
    assert (unknown.low, unknown.high) == (3.0, 3.0)


def test_95_of_100_intervals_of_a_rare_hit_cover_it() -> None:
    """Half of the samples hold no hit at all; a bootstrap alone says then that there is none."""
    hits = (np.random.default_rng(4).random((70, 400)) < 0.01).astype(np.float64)
    covered = [figure.low <= 0.01 <= figure.high for figure in means(hits, seed=3, most=np.ones(400))]  # type: ignore[operator]
    assert np.mean(covered) > 0.95
    bare = [figure.low <= 0.01 <= figure.high for figure in means(hits, seed=3)]  # type: ignore[operator]
    assert np.mean(bare) < 0.6
