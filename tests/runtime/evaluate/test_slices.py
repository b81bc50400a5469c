"""Slices put every example in one group, and name the groups by what is in them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sess.runtime.evaluate.examples import EVERYTHING, Examples
from sess.runtime.evaluate.ranking import Popularity
from sess.runtime.evaluate.slices import slices_of
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.train.windows import last_steps

LENGTHS = np.array([2, 3, 3, 6, 11, 60])
TARGETS = np.array([3, 4, 5, 3, 2, 4])


def examples(**columns: NDArray[np.generic]) -> Examples:
    offsets = np.r_[0, np.cumsum(LENGTHS)].astype(np.int64)
    items = np.full(LENGTHS.sum(), 3, np.int32)
    sessions = Sessions(offsets, {"item": items}, {}, {"item": items}, columns, {"key": np.arange(len(LENGTHS))})
    whole = last_steps(sessions, np.arange(len(LENGTHS)), longest=EVERYTHING, leave_out=1)
    return Examples(sessions, whole, whole, 0, has_cut_target=True)


def groups(name: str, **columns: NDArray[np.generic]) -> dict[str, list[int]]:
    clicks = np.array([7, 0, 1500])
    found = slices_of(name, examples(**columns), TARGETS, Popularity(3, clicks, clicks, 1500))
    assert sorted(np.concatenate(list(found.values()))) == list(range(len(LENGTHS)))
    return {group: places.tolist() for group, places in found.items()}


def test_length_counts_the_steps_before_the_target() -> None:
    assert groups("length") == {"1": [0], "2-4": [1, 2], "5-9": [3], "10-19": [4], "50+": [5]}


def test_frequency_counts_the_targets_training_clicks() -> None:
    assert groups("frequency") == {"0": [1, 4, 5], "5-19": [0, 3], "1000+": [2]}


def test_a_column_has_a_group_for_each_value() -> None:
    devices = np.array(["phone", "desktop", "phone", None, "phone", "desktop"], object)
    assert groups("device", device=devices) == {"phone": [0, 2, 4], "desktop": [1, 5], "null": [3]}


@pytest.mark.parametrize("values", [np.linspace(0.0, 1.0, 6), np.array([0.5, 0.1, np.nan, 0.1, 0.9, 0.2])])
def test_a_number_with_few_values_is_shown_by_value(values: NDArray[np.float64]) -> None:
    assert len(groups("price", price=values)) == len({str(value) for value in values})
