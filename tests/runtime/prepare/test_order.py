"""Sessions depend on what the events are, not on where they stand in which file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.runtime.prepare.conftest import Prepare, by_key, prepare_spec, tree, write_small


def clicks(rows: int = 300) -> pa.Table:
    """Return events of few sessions and fewer times, so that most share their time with another."""
    draw = np.random.default_rng(11)
    shelves = draw.choice(np.array(["a", "b", "ö", None], object), rows)
    prices = draw.random(rows).astype(np.float32)
    prices[::7] = np.nan
    session = draw.integers(0, 30, rows)
    return pa.table(
        {
            "session": session,
            "time": draw.integers(0, 4, rows),
            "item": draw.integers(0, 40, rows) + 2**40,
            "price": prices,
            "shelf": pa.array(shelves, pa.string()),
            "device": pa.array(np.array(["phone", "desk"], object)[session % 2]),
        }
    )


def test_shuffled_rows_and_files_give_the_same_bytes(tmp_path: Path) -> None:
    table = clicks()
    order = np.random.default_rng(3).permutation(len(table))
    one = write_small(tmp_path / "one", {"train.parquet": table}, data="  split = leave_one_out()")
    shuffled = table.take(pa.array(order))
    parts = {"train1.parquet": shuffled.slice(0, 120), "train2.parquet": shuffled.slice(120)}
    many = write_small(tmp_path / "many", parts, data="  split = leave_one_out()")
    prepare_spec(one, tmp_path / "from one")
    prepare_spec(many, tmp_path / "from many")
    left, right = tree(tmp_path / "from one"), tree(tmp_path / "from many")
    assert left.pop("facts.json") != right.pop("facts.json")  # it says how many files there were
    assert left == right


def test_another_process_writes_the_same_bytes_without_places_and_clocks(tmp_path: Path) -> None:
    spec = write_small(tmp_path / "data", {"train.parquet": clicks()})
    prepare_spec(spec, tmp_path / "here")
    code = (
        "import sys; from pathlib import Path; from tests.runtime.prepare.conftest import prepare_spec;"
        "prepare_spec(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    there = tmp_path / "a longer name" / "there"
    subprocess.run(
        [sys.executable, "-c", code, spec, there],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[3],
        env=os.environ | {"PYTHONHASHSEED": "12345"},
    )
    written = tree(tmp_path / "here")
    assert written == tree(there)
    assert not any(str(tmp_path).encode() in content or b"/tmp" in content for content in written.values())


def test_events_at_one_time_are_ordered_by_their_other_values(small: Prepare) -> None:
    prepared = small(
        {"session": [1] * 4, "time": [5, 5, 5, 4], "item": [30, 10, 20, 40], "price": [1.0, 3.0, 2.0, 0.0]}
    )
    assert prepared.train.raw_steps["item"].tolist() == [40, 10, 20, 30]
    assert prepared.train.raw_steps["price"].tolist() == [0.0, 3.0, 2.0, 1.0]


def test_sessions_are_ordered_by_their_keys(small: Prepare) -> None:
    prepared = small(
        {"session": ["b", "é", "a", "b", "é", "a"], "time": [3, 1, 2, 4, 5, 6], "item": [1, 2, 3, 4, 5, 6]},
        kinds={"session": "BYTES"},
    )
    assert prepared.train.keys.tolist() == ["a", "b", "é"]
    assert by_key(prepared.train, prepared.train.raw_steps["item"]) == {"a": [3, 6], "b": [1, 4], "é": [2, 5]}


def test_a_pause_longer_than_idle_begins_a_new_session(small: Prepare) -> None:
    table = {"session": [1] * 6, "time": [0, 60, 120, 181, 200, 1000], "item": [1, 2, 3, 4, 5, 6]}
    prepared = small(table, rows="events(session=session, time=time, idle=1m)")
    assert np.diff(prepared.train.offsets).tolist() == [3, 2, 1]
    assert prepared.train.keys.tolist() == [1, 1, 1]


def test_dedupe_leaves_the_first_of_repeated_items(small: Prepare) -> None:
    table = {"session": [1] * 5 + [2, 2], "time": [1, 2, 3, 4, 5, 1, 2], "item": [7, 7, 8, 7, 7, 7, 9]}
    prepared = small(table, rows="events(session=session, time=time, dedupe=consecutive)")
    assert by_key(prepared.train, prepared.train.raw_steps["item"]) == {1: [7, 8, 7], 2: [7, 9]}
    assert sum(prepared.facts["sources"]["train"]["dropped"].values()) == 2  # type: ignore[index, call-overload, union-attr]


def test_times_in_fractions_of_a_second_keep_their_order(small: Prepare) -> None:
    now = 1_396_437_466.0
    prepared = small(
        {"session": [1] * 3, "time": [now + 0.3, now + 0.1, now + 0.2], "item": [3, 1, 2]}, kinds={"time": "FLOAT"}
    )
    assert prepared.train.raw_steps["item"].tolist() == [1, 2, 3]
