"""Differences of times are exact where seconds since 1970 in float32 would be minutes off."""

from __future__ import annotations

import keras
import numpy as np

from sess.compiler.blocks.features.time_gap import TimeGap, TimeGapParams
from sess.compiler.plans import ColumnPlan, Role
from sess.compiler.types import Level
from sess.compiler.words import Selection
from sess.runtime.border import Border, Layers, Surroundings
from sess.runtime.layers.times import gaps, spans

TIMES = np.array([[1.7e9 + 0.25, 1.7e9 + 3.5, 1.7e9 + 3.0, 1.7e9 + 3.0 + 9e7], [5.0, 6.0, 0.0, 0.0]])
MASK = np.array([[True, True, True, True], [True, True, False, False]])


def test_a_gap_is_never_negative_and_padding_has_none() -> None:
    found = np.asarray(gaps(TIMES, MASK))
    assert found.dtype == np.float32
    assert found.tolist() == [[0.0, 3.25, 0.0, 9e7], [0.0, 1.0, 0.0, 0.0]]


def test_spans_are_those_of_all_pairs() -> None:
    found = np.asarray(spans(TIMES, MASK))
    assert found[0, 1].tolist() == [3.25, 0.0, 0.5, np.float32(-9e7 + 0.5)]
    assert found[1].tolist() == [[0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0] * 4, [0.0] * 4]


def test_time_gap_gives_the_bucket_of_its_equation() -> None:
    buckets = 7
    time, mask = keras.Input((None,), dtype="float64"), keras.Input((None,), dtype="bool")
    column = ColumnPlan("when", "int64", Role.TIME, False, (), None, True, False, unit="s")
    around = Surroundings(Layers(), {"when": column}, {}, {}, {"when": time}, None, mask, 9, 1)
    params = TimeGapParams(Selection(("when",), Level.STEP, ""), buckets)
    model = keras.Model([time, mask], TimeGap().lower(Border(around, "gap", {}), params))
    seconds = np.array([[0.0, 0.0, 1.0, 60.0, 3600.0 * 24, 1e9]])
    times = 1.7e9 + np.cumsum(seconds, axis=1)
    found = np.asarray(model([times, np.ones(times.shape, bool)]))
    year = 365 * 24 * 3600
    expected = [0] + [
        1 + min(buckets - 2, int((buckets - 2) * np.log(1 + gap) / np.log(1 + year))) for gap in seconds[0, 1:]
    ]
    assert found.sum(axis=-1).tolist() == [[1.0] * 6]
    assert found.argmax(axis=-1).tolist() == [expected]
