"""Selecting the best items is sorting them, without what is excluded."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sess.runtime.layers.select import NEVER, select

Array = NDArray[Any]


def oracle(scores: Array, reserved: int, k: int, exclude: Array, allow: Array) -> tuple[Array, Array]:
    """Sort each row by score, then by code."""
    rows, count = scores.shape
    codes, best = np.zeros((rows, min(k, count)), np.int32), np.full((rows, min(k, count)), NEVER, np.float32)
    for row in range(rows):
        allowed = set(allow[row][allow[row] > 0]) or set(range(reserved, reserved + count))
        left = [code for code in range(reserved, reserved + count) if code in allowed and code not in exclude[row]]
        for i, code in enumerate(sorted(left, key=lambda code: (-scores[row, code - reserved], code))[:k]):
            codes[row, i], best[row, i] = code, scores[row, code - reserved]
    return codes, best


@st.composite
def questions(draw: st.DrawFn) -> tuple[Array, int, int, Array, Array]:
    rows, count, reserved = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.sampled_from([3, 5]))

    def table(values: st.SearchStrategy[Any], width: int, dtype: str) -> Array:
        drawn = draw(st.lists(st.lists(values, min_size=width, max_size=width), min_size=rows, max_size=rows))
        return np.array(drawn, dtype).reshape(rows, width)

    # Few scores, so that ties are many; codes beyond the items and reserved ones too.
    scores = table(st.sampled_from([-1.0, 0.0, 0.5]), count, "float32")
    codes = st.integers(0, reserved + count + 2)
    exclude = table(codes, draw(st.integers(0, 7)), "int32")
    allow = table(st.one_of(st.just(0), codes), draw(st.integers(0, 4)), "int32")
    return scores, reserved, draw(st.integers(1, 8)), exclude, allow


@given(questions())
@settings(max_examples=150, deadline=None)
def test_selecting_is_sorting_what_is_left(question: tuple[Array, int, int, Array, Array]) -> None:
    for found, expected in zip(select(*question), oracle(*question), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_where_all_is_excluded_nothing_is_answered() -> None:
    nothing = np.zeros((1, 1), np.int32)
    codes, best = select(np.ones((1, 2), np.float32), 3, 5, np.array([[3, 4]], np.int32), nothing)
    assert np.asarray(codes).tolist() == [[0, 0]]
    assert (np.asarray(best) == NEVER).all()


def test_an_item_that_is_allowed_and_excluded_is_left_out() -> None:
    codes, _ = select(np.ones((1, 3), np.float32), 3, 2, np.array([[4]], np.int32), np.array([[4, 5]], np.int32))
    assert np.asarray(codes).tolist() == [[5, 0]]
