"""Splits hold what they promise, and training learns nothing from the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sess.compiler.driver import compile_spec
from sess.compiler.failures import RunFailed
from sess.runtime.prepare.prepared import Prepared, Sessions
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from tests.runtime.prepare.conftest import Prepare, by_key

DAY = 86_400


def lengths(sessions: Sessions | None) -> dict[object, int]:
    assert sessions is not None
    return dict(zip(sessions.keys.tolist(), np.diff(sessions.offsets).tolist(), strict=True))


@pytest.mark.shared
def test_leave_one_out_of_ml100k_is_what_pandas_makes_of_it(shared: Path, tmp_path: Path) -> None:
    checked = compile_spec(shared / "specs" / "movies.sess")
    assert checked.program is not None
    prepared = prepare(checked.program.workflow, checked.base, tmp_path, Silent())
    events = pd.read_parquet(shared / "data" / "ml100k" / "events.parquet")
    ordered = events.sort_values(["user_id", "timestamp", "item_id", "rating", "age", "gender", "occupation"])
    users = {user: group["item_id"].tolist() for user, group in ordered.groupby("user_id")}
    for sessions, left_out in ((prepared.train, 2), (prepared.valid, 1), (prepared.test, 0)):
        assert sessions is not None
        wanted = {user: items[: len(items) - left_out] for user, items in users.items()}
        assert by_key(sessions, sessions.raw_steps["item_id"]) == wanted
    kept = pd.concat([group.iloc[:-2] for _, group in ordered.groupby("user_id")])
    ages = (kept["age"] - kept["age"].mean()) / kept["age"].std()
    firsts = ages.groupby(kept["user_id"]).first().to_numpy()
    np.testing.assert_allclose(prepared.train.session["age"], firsts, atol=1e-5)
    vocabulary = prepared.vocabularies["item_id"]
    counts = kept["item_id"].value_counts()
    assert vocabulary.counts.tolist() == [counts.get(item, 0) for item in vocabulary.values]
    assert vocabulary.titles is not None
    assert vocabulary.titles[list(vocabulary.values).index(50)] == "Star Wars"


def test_leave_one_out_trains_on_no_session_of_two_steps(small: Prepare) -> None:
    table = {"session": [1, 2, 2, 3, 3, 3, 3], "time": range(7), "item": range(7)}
    prepared = small(table, data="  split = leave_one_out()")
    assert lengths(prepared.train) == {3: 2}
    assert lengths(prepared.valid) == {2: 1, 3: 3}
    assert lengths(prepared.test) == {1: 1, 2: 2, 3: 4}
    assert prepared.facts["splits"]["valid"]["too_short"] == 1  # type: ignore[index, call-overload]


def test_by_time_counts_back_from_the_newest_event(small: Prepare) -> None:
    table = {
        "session": np.repeat(np.arange(10), 2),
        "time": np.repeat(np.arange(10) * DAY, 2) + np.tile([0, 60], 10),
        "item": np.arange(20),
    }
    prepared = small(table, data="  split = by_time(valid=2d, test=3d)")
    assert list(lengths(prepared.train)) == [0, 1, 2, 3, 4]
    assert list(lengths(prepared.valid)) == [5, 6]
    assert list(lengths(prepared.test)) == [7, 8, 9]


def test_by_session_keeps_the_sessions_of_an_id_together(small: Prepare) -> None:
    count = 2000
    table = {
        "session": np.repeat(np.arange(count) // 2, 2),
        "time": np.arange(2 * count) * 50,
        "item": np.arange(2 * count) % 90,
    }
    rows = "events(session=session, time=time, idle=55s)"
    prepared = small(table, data="  split = by_session(valid=0.1, test=0.2)", rows=rows)
    train, valid, test = (set(lengths(part)) for part in (prepared.train, prepared.valid, prepared.test))
    assert not (train & valid or train & test or valid & test)
    assert len(train | valid | test) == count // 2
    assert 0.06 < len(valid) / (count // 2) < 0.14
    assert 0.15 < len(test) / (count // 2) < 0.25


def given(late_price: float, late_clicks: int) -> dict[str, pa.Table]:
    """Return three files: what train holds is always the same, what the others hold is not."""

    def part(first: int, items: list[int], price: float) -> pa.Table:
        count = len(items)
        prices = np.linspace(1.0, price, count).astype(np.float32)
        session = np.repeat(np.arange(first, first + count // 2), 2)
        return pa.table({"session": session, "time": np.arange(count), "item": items, "price": prices})

    late = [3] * late_clicks
    return {
        "train.parquet": part(0, [1, 2, 1, 2, 1, 4], 9.0),
        "later.parquet": part(100, [*late, 5, 6], late_price),
        "last.parquet": part(200, [*late, 7, 8], late_price),
    }


def given_splits(small: Prepare, late_price: float, late_clicks: int) -> Prepared:
    data = '  valid = "later.parquet"\n  test = "last.parquet"'
    return small(given(late_price, late_clicks), data=data, train='"train.parquet"')


def test_other_splits_change_neither_counts_nor_codes_nor_numbers_of_training(small: Prepare) -> None:
    one, other = given_splits(small, 5.0, 2), given_splits(small, 5e6, 40)
    for column in ("item", "price"):
        np.testing.assert_array_equal(one.train.steps[column], other.train.steps[column])
    left, right = one.vocabularies["item"], other.vocabularies["item"]
    assert list(left.values) == list(right.values) == [1, 2, 4, 3, 5, 6, 7, 8]
    assert left.counts.tolist() == right.counts.tolist() == [3, 2, 1, 0, 0, 0, 0, 0]
    prices = one.train.steps["price"]
    assert abs(prices.mean()) < 1e-6
    assert abs(prices.std(ddof=1) - 1) < 1e-6


def test_an_empty_split_is_an_error_that_names_it(small: Prepare) -> None:
    table = {"session": [1, 1, 1], "time": [1, 2, 3], "item": [1, 2, 3]}
    with pytest.raises(RunFailed, match="nothing to evaluate in `valid`"):
        small(table, data="  split = by_session(valid=0.0001, test=0.0001)")
    with pytest.raises(RunFailed, match=r"nothing to train on in `train`: sessions of 2 steps are needed.* has 1"):
        small({"session": [1, 2, 3], "time": [1, 2, 3], "item": [1, 2, 3]})


def test_a_session_column_takes_its_first_value_and_varying_sessions_are_counted(small: Prepare) -> None:
    table = {
        "session": [1, 1, 2, 2],
        "time": [2, 1, 1, 2],
        "item": [1, 2, 3, 4],
        "device": ["desk", "phone", "tv", "tv"],
    }
    prepared = small(table)
    assert prepared.train.raw_session["device"].tolist() == ["phone", "tv"]
    assert prepared.facts["varying"] == {"device": 1}


def test_the_greatest_value_of_a_session_leaves_out_the_step_to_predict(small: Prepare) -> None:
    ages = [1.0, 5.0, 9.0, 4.0, 3.0]
    table = {"session": [1, 1, 1, 2, 2], "time": range(5), "item": range(5), "age": ages}
    prepared = small(table, overrides="  age = take(max)")
    assert prepared.train.raw_session["age"].tolist() == [5.0, 4.0]


def test_by_time_knows_times_that_are_too_far_apart_for_64_bits(small: Prepare) -> None:
    late = 2**63 - 1
    times = [-(2**63), -(2**63) + 60, late - 60, late]
    table = {"session": [1, 1, 2, 2], "time": pa.array(times, pa.timestamp("us")), "item": [1, 2, 1, 2]}
    prepared = small(table, data="  split = by_time(test=1h)", kinds={"time": "TYPE_UNKNOWN"})
    assert list(lengths(prepared.train)) == [1]
    assert list(lengths(prepared.test)) == [2]


def test_a_pause_too_long_for_64_bits_begins_another_session(small: Prepare) -> None:
    times = [-(2**63), -(2**63) + 60, 2**63 - 60, 2**63 - 1]
    rows = "events(session=session, time=time, idle=30m)"
    table = {"session": [1] * 4, "time": pa.array(times, pa.timestamp("us")), "item": [1, 2, 1, 2]}
    prepared = small(table, rows=rows, kinds={"time": "TYPE_UNKNOWN"})
    assert np.diff(prepared.train.offsets).tolist() == [2, 2]
    ended = prepared.train.ended
    assert ended is not None and ended[0] < 0 < ended[1] and ended[1] - ended[0] > 0
