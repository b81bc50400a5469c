"""Ranking a catalogue is sorting it, without what is excluded: whatever way is taken to do less work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sess.runtime.steps.rank import NEVER, Catalogue, Question, best, products

Array = NDArray[Any]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5_000), st.integers(0, 200), st.sampled_from([3, 100, 100_000]))
@settings(max_examples=150, deadline=None)
def test_the_best_places_are_those_of_a_stable_sort(seed: int, count: int, k: int, values: int) -> None:
    scores = np.random.default_rng(seed).integers(0, values, count).astype(np.float32)  # few values: many ties
    k = min(k, count)
    np.testing.assert_array_equal(best(scores, k), np.argsort(-scores, kind="stable")[:k])


@pytest.mark.parametrize("shared_from", [1, 1 << 30])
@pytest.mark.parametrize("at_once", [1, 7, 1 << 19])
def test_products_by_parts_are_those_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, at_once: int, shared_from: int
) -> None:
    monkeypatch.setattr("sess.runtime.steps.rank.PRODUCT_AT_ONCE", at_once)
    monkeypatch.setattr("sess.runtime.steps.rank.SHARED_FROM", shared_from)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    draw = np.random.default_rng(0)
    states, vectors = (draw.integers(-3, 4, (rows, 5)).astype(np.float32) for rows in (3, 40))
    for rows, items in ((3, 40), (1, 40), (1, 2), (3, 0)):
        found = products(states[:rows], vectors[:items])
        np.testing.assert_array_equal(found, states[:rows] @ vectors[:items].T)


def sorted_by_hand(scores: Array, reserved: int, question: Question) -> tuple[list[int], list[float]]:
    """Sort one row by score, then by code; a place without an item has code 0."""
    codes = range(reserved, reserved + len(scores))
    allowed = set(codes if question.allow is None else question.allow.tolist())
    left = [code for code in codes if code in allowed and code not in question.exclude]
    ranked = sorted(left, key=lambda code: (-scores[code - reserved], code))[: question.k]
    lacking = min(question.k, len(scores)) - len(ranked)
    return [*ranked, *[0] * lacking], [*(float(scores[code - reserved]) for code in ranked), *[float(NEVER)] * lacking]


def catalogue(count: int, *, has_bias: bool, seed: int = 0) -> tuple[Catalogue, Array, Array]:
    """Return a catalogue of whole numbers, whose products are exact, with its vectors and biases."""
    draw = np.random.default_rng(seed)
    vectors = draw.integers(-3, 4, (count, 4)).astype(np.float32)
    bias = draw.integers(-3, 4, count).astype(np.float32) if has_bias else np.zeros(count, np.float32)
    return Catalogue(3, count, vectors, bias if has_bias else None), vectors, bias


@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("count", [1, 7, 2_000])
def test_every_session_gets_its_own_best_items(count: int, has_bias: bool) -> None:
    found, vectors, bias = catalogue(count, has_bias=has_bias)
    draw = np.random.default_rng(1)
    states = draw.integers(-3, 4, (6, 4)).astype(np.float32)
    some = draw.integers(0, count + 6, 40).astype(np.int32)  # reserved codes and codes of no item, too
    nothing = np.zeros(0, np.int32)
    questions = [
        Question(5, nothing, None), Question(5, some, None), Question(9, nothing, some), Question(9, some[:20], some),
        Question(count + 3, nothing, None), Question(1, nothing, np.array([2], np.int32)),
    ]  # fmt: skip
    for state, question, (codes, scores) in zip(states, questions, found.rank(states, questions), strict=True):
        expected = sorted_by_hand(vectors @ state + bias, 3, question)
        assert (codes.tolist(), scores.tolist()) == expected


def test_a_head_without_vectors_is_ranked_by_its_scores() -> None:
    scores = np.array([[1.0, 3.0, 2.0]], np.float32)
    ((codes, best_scores),) = Catalogue(3, 3, None, None).rank(scores, [Question(2, np.array([4], np.int32), None)])
    assert (codes.tolist(), best_scores.tolist()) == ([5, 3], [2.0, 1.0])
    assert scores[0, 1] == 3.0  # what was given is not written over


def test_a_batch_over_a_large_catalogue_is_scanned_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _, _ = catalogue(50, has_bias=True)
    states = np.random.default_rng(2).integers(-3, 4, (9, 4)).astype(np.float32)
    questions = [Question(4, np.array([place], np.int32), None) for place in range(9)]
    whole = [(codes.tolist(), scores.tolist()) for codes, scores in found.rank(states, questions)]
    monkeypatch.setattr("sess.runtime.steps.rank.SCORES_AT_ONCE", 100)
    monkeypatch.setattr("sess.runtime.steps.rank.SESSIONS_AT_ONCE", 2)
    monkeypatch.setattr("sess.runtime.steps.rank.PRODUCT_AT_ONCE", 14)  # 7 items of 2 sessions
    assert [(codes.tolist(), scores.tolist()) for codes, scores in found.rank(states, questions)] == whole


def test_mapped_files_give_the_same_answers(tmp_path: Path) -> None:
    found, vectors, bias = catalogue(30, has_bias=True)
    np.save(tmp_path / "vectors.npy", vectors)
    np.save(tmp_path / "bias.npy", bias)
    loaded = Catalogue.load(tmp_path, 3, 30, "vectors.npy", "bias.npy")
    states, questions = np.ones((1, 4), np.float32), [Question(30, np.zeros(0, np.int32), None)]
    assert [each.tolist() for each in next(loaded.rank(states, questions))] == [
        each.tolist() for each in next(found.rank(states, questions))
    ]
