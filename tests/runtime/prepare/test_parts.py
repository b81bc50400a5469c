"""However few rows are in memory at once, the same bytes are prepared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest

from sess.compiler.failures import RunFailed
from sess.runtime.prepare import blocks
from tests.runtime.groups.conftest import SCHEMA, write_visits
from tests.runtime.groups.conftest import SPEC as SEARCHED
from tests.runtime.prepare.conftest import prepare_spec, tree, write_small
from tests.runtime.prepare.test_bags import LISTS, gallery
from tests.runtime.prepare.test_derived import DERIVED, bookings
from tests.runtime.prepare.test_order import clicks

FEW = 40


def same_in_parts(spec: Path, base: Path) -> None:
    """Require that a preparation in parts writes what one in memory writes."""
    prepare_spec(spec, base / "whole")
    prepare_spec(spec, base / "parts", FEW)
    whole, parts = tree(base / "whole"), tree(base / "parts")
    assert whole.keys() == parts.keys()
    assert [name for name, content in whole.items() if parts[name] != content] == []


@pytest.mark.parametrize("split", ["leave_one_out()", "by_session(valid=0.2, test=0.2)", "by_time(valid=1s, test=1s)"])
def test_parts_of_every_split_make_the_whole(tmp_path: Path, split: str) -> None:
    tables = {"train1.parquet": clicks().slice(0, 120), "train2.parquet": clicks().slice(120)}
    same_in_parts(write_small(tmp_path / "data", tables, data=f"  split = {split}"), tmp_path)


def test_parts_of_text_ids_with_pauses_and_repeats_make_the_whole(tmp_path: Path) -> None:
    table = clicks()
    names = [None if key % 9 == 4 else f"visit {key}" for key in table.column("session").to_pylist()]
    table = table.set_column(0, "session", pa.array(names, pa.string()))
    items = pa.array([None if i % 13 == 0 else i % 3 for i in range(len(table))], pa.int64())
    table = table.set_column(table.column_names.index("item"), "item", items)
    rows = "events(session=session, time=time, idle=1s, dedupe=consecutive)"
    kinds = {"session": "BYTES"}
    same_in_parts(write_small(tmp_path / "data", {"train.parquet": table}, rows=rows, kinds=kinds), tmp_path)


def test_parts_of_lists_make_the_whole(tmp_path: Path) -> None:
    same_in_parts(write_small(tmp_path / "data", {"train.parquet": gallery()}, lists=LISTS), tmp_path)


def test_parts_of_derived_columns_make_the_whole(tmp_path: Path) -> None:
    same_in_parts(write_small(tmp_path / "data", {"train.parquet": bookings()}, overrides=DERIVED), tmp_path)


def test_parts_of_rows_that_are_sessions_make_the_whole(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    lengths = draw.integers(0, 6, 90)
    table: dict[str, Any] = {
        "session": draw.permutation(90),
        "item": [draw.integers(1, 20, length).tolist() or None for length in lengths],
        "price": [draw.random(length).tolist() or None for length in lengths],
        "device": draw.choice(np.array(["phone", "desk", None], object), 90),
    }
    spec = write_small(
        tmp_path / "data", {"train.parquet": pa.table(table)}, rows="sessions", lists=("item", "price"),
        data="  split = leave_one_out()",
    )  # fmt: skip
    same_in_parts(spec, tmp_path)


def test_parts_of_two_groups_of_steps_make_the_whole(tmp_path: Path) -> None:
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "searched.sess").write_text(SEARCHED)
    write_visits(tmp_path / "train.parquet", seed=1, sessions=40)
    write_visits(tmp_path / "valid.parquet", seed=2, sessions=20)
    same_in_parts(tmp_path / "searched.sess", tmp_path)


def test_parts_of_csv_make_the_whole(tmp_path: Path) -> None:
    spec = write_small(tmp_path / "data", {"train.parquet": clicks()}, train='"train.csv"')
    pcsv.write_csv(clicks(), tmp_path / "data" / "train.csv")
    same_in_parts(spec, tmp_path)


def test_a_session_is_in_one_part_however_long_it_is(tmp_path: Path) -> None:
    table = clicks()
    session = np.where(np.arange(len(table)) % 2, 7, table.column("session").to_numpy())
    table = table.set_column(0, "session", pa.array(session))
    same_in_parts(write_small(tmp_path / "data", {"train.parquet": table}), tmp_path)


def test_events_without_any_time_are_refused_in_parts_too(tmp_path: Path) -> None:
    table = clicks().set_column(1, "time", pa.nulls(300, pa.int64()))
    spec = write_small(tmp_path / "data", {"train.parquet": table})
    with pytest.raises(RunFailed, match="`time` is null in every event"):
        prepare_spec(spec, tmp_path / "out", FEW)
    assert not (tmp_path / "out" / "scratch").exists()


def test_statistics_of_many_blocks_are_those_of_all_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = write_small(tmp_path / "data", {"train.parquet": bookings()}, overrides=DERIVED)
    whole = prepare_spec(spec, tmp_path / "whole").train
    monkeypatch.setattr(blocks, "BLOCK", 64)
    many = prepare_spec(spec, tmp_path / "many", FEW).train
    for name in ("count", "each"):
        np.testing.assert_allclose(many.steps[name], whole.steps[name], rtol=1e-4, atol=1e-5)
