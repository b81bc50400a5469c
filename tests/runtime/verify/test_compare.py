"""Two rankings agree where scores can't tell their items apart, and nowhere else."""

from __future__ import annotations

import numpy as np

from sess.runtime.verify.compare import same_order

SCORES = np.array([0.5, 0.4, 0.4, 0.3])


def same(one: list[int], other: list[int]) -> bool:
    return same_order(np.array(one), np.array(other), SCORES)


def test_items_of_one_score_may_change_places() -> None:
    assert same([1, 2, 3, 4], [1, 3, 2, 4])


def test_items_of_different_scores_may_not() -> None:
    assert not same([1, 2, 3, 4], [2, 1, 3, 4])


def test_another_item_inside_is_a_difference() -> None:
    assert not same([1, 2, 3, 4], [1, 2, 9, 4])


def test_the_last_item_may_be_one_of_the_same_score_that_is_cut_off() -> None:
    assert same([1, 2, 3, 4], [1, 2, 3, 9])
