"""Ranking metrics against a second, literal implementation of their definitions."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from numpy.typing import NDArray

from sess.compiler.plans import MetricPlan
from sess.runtime.evaluate.ranking import Popularity, coverage, largest, per_session, ranks
from sess.runtime.evaluate.rows import RankingRow

RESERVED, ITEMS, CUTOFF, SESSIONS = 3, 40, 10, 200
Codes = NDArray[np.int32]


@pytest.fixture(scope="module")
def lists() -> tuple[Codes, Codes, Popularity]:
    draw = np.random.default_rng(4)
    codes = np.stack([draw.permutation(ITEMS)[:CUTOFF] + RESERVED for _ in range(SESSIONS)]).astype(np.int32)
    codes[::7, 6:] = 0  # places without a candidate
    targets = draw.integers(0, ITEMS + RESERVED, SESSIONS).astype(np.int32)  # also reserved codes
    clicks = draw.integers(0, 50, ITEMS)
    return codes, targets, Popularity(RESERVED, clicks, np.minimum(clicks, 30), 100)


def literally(name: str, listed: list[int], target: int, cutoff: int, popularity: Popularity) -> float:
    """Compute one session's metric item by item."""
    items = [code for code in listed[:cutoff] if code]
    relevant = [1.0 if code == target else 0.0 for code in items]
    match name:
        case "recall" | "hit":
            return sum(relevant)
        case "precision":
            return sum(relevant) / cutoff
        case "mrr":
            return max((gain / place for place, gain in enumerate(relevant, 1)), default=0.0)
        case "map":
            precisions = [sum(relevant[:place]) / place * relevant[place - 1] for place in range(1, len(items) + 1)]
            return sum(precisions)
        case "ndcg":
            return sum(gain / log2(place + 1) for place, gain in enumerate(relevant, 1))
        case "novelty":
            return sum(-log2(max(1, popularity.holders[code - RESERVED]) / 100) for code in items) / len(items)
        case "popularity_bias":
            total = popularity.clicks.sum()
            return sum(popularity.clicks[code - RESERVED] / total for code in items) / len(items)
        case _:
            raise AssertionError(name)


@pytest.mark.parametrize("cutoff", [1, 5, 10])
@pytest.mark.parametrize(
    "name", ["recall", "hit", "precision", "mrr", "map", "ndcg", "novelty", "popularity_bias"]
)  # fmt: skip
def test_a_metric_is_its_definition(name: str, cutoff: int, lists: tuple[Codes, Codes, Popularity]) -> None:
    codes, targets, popularity = lists
    found = per_session(MetricPlan(name, cutoff), codes, ranks(codes, targets), popularity)
    assert found is not None
    wanted = [literally(name, list(row), int(t), cutoff, popularity) for row, t in zip(codes, targets, strict=True)]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_coverage_counts_the_items_that_anyone_gets(lists: tuple[Codes, Codes, Popularity]) -> None:
    codes, _, _ = lists
    assert coverage(codes, 2, ITEMS) == len({int(code) for row in codes for code in row[:2] if code}) / ITEMS


def test_a_reserved_target_is_a_miss_even_beside_empty_places() -> None:
    assert ranks(np.array([[5, 0, 0]], np.int32), np.array([0], np.int32)).tolist() == [0]


@pytest.mark.parametrize("cutoff", [1, 5, None])
@pytest.mark.parametrize("name", ["recall", "hit", "precision", "mrr", "map", "ndcg"])
def test_the_largest_value_is_that_of_a_hit_at_the_first_place(
    name: str, cutoff: int | None, lists: tuple[Codes, Codes, Popularity]
) -> None:
    codes, _, popularity = lists
    best = per_session(MetricPlan(name, cutoff), codes, np.ones(SESSIONS, np.int64), popularity)
    assert best is not None
    assert set(best.tolist()) == {largest(MetricPlan(name, cutoff), codes)}


def test_a_row_without_a_hit_knows_that_there_may_be_some(lists: tuple[Codes, Codes, Popularity]) -> None:
    codes, _, popularity = lists
    metrics = tuple(MetricPlan(name, 5) for name in ("coverage", "recall", "novelty", "precision"))
    found = RankingRow(codes, np.zeros_like(codes[:, 0]), metrics, popularity).figures(np.arange(30), seed=1)
    assert (found["recall@5"].value, found["recall@5"].low) == (0.0, 0.0)
    assert found["recall@5"].high == pytest.approx(1 - 0.025 ** (1 / 30))
    assert found["precision@5"].high == pytest.approx((1 - 0.025 ** (1 / 30)) / 5)
    assert found["coverage@5"].high is None
