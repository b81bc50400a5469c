"""Rows that are sessions: lists side by side are steps, whatever the order of the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.failures import RunFailed
from tests.runtime.prepare.conftest import Prepare, prepare_spec, tree, write_small

ROWS = {"rows": "sessions", "lists": ("item", "price")}


def visits() -> dict[str, object]:
    return {
        "session": [7, 3, 5, 4],
        "item": [[1, 2], [2, 2, 3], [], None],
        "price": [[1.0, None], [3.0, 4.0, 5.0], [], None],
        "device": ["phone", None, "desk", "desk"],
    }


def test_lists_become_steps_and_empty_ones_are_counted(small: Prepare) -> None:
    prepared = small(visits(), **ROWS)
    assert prepared.train.keys.tolist() == [3, 7]
    assert np.diff(prepared.train.offsets).tolist() == [3, 2]
    assert prepared.train.raw_steps["item"].tolist() == [2, 2, 3, 1, 2]
    np.testing.assert_array_equal(prepared.train.raw_steps["price"], [3, 4, 5, 1, np.nan])
    assert prepared.train.session["device"].tolist()[0] == 1
    assert prepared.facts["sources"]["train"]["dropped"] == {"rows without a step (`item`)": 2}  # type: ignore[index, call-overload]


def test_lists_of_different_lengths_are_an_error_that_shows_the_row(small: Prepare) -> None:
    table = {"session": [1, 2], "item": [[1, 2], [3, 4]], "price": [[1.0, 2.0], [3.0]]}
    with pytest.raises(RunFailed, match=r"a row has 2 steps of `item` and 1 of `price`: it begins with \[3, 4\]"):
        small(table, **ROWS)


@pytest.mark.parametrize("side", ["left", "right", "middle"])
def test_padding_of_lists_is_no_step_on_whichever_side(small: Prepare, side: str) -> None:
    def padded(values: list[object]) -> list[object]:
        at = {"left": 0, "right": len(values), "middle": 1}[side]
        return [*values[:at], *[None] * (6 - len(values)), *values[at:]]

    lists = {"item": [[1, 2], [2, 2, 3]], "price": [[1.0, None], [3.0, 4.0, 5.0]]}
    table = {"session": [7, 3, 9], **{name: [*map(padded, values), [None] * 6] for name, values in lists.items()}}
    prepared = small(table, **ROWS)
    assert prepared.train.keys.tolist() == [3, 7]
    assert prepared.train.raw_steps["item"].tolist() == [2, 2, 3, 1, 2]
    np.testing.assert_array_equal(prepared.train.raw_steps["price"], [3, 4, 5, 1, np.nan])
    dropped = prepared.facts["sources"]["train"]["dropped"]  # type: ignore[index, call-overload]
    assert dropped == {"rows without a step (`item`)": 1, "places of rows that hold no event": 13}


def test_rows_without_a_key_are_ordered_by_what_they_hold(tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    lists = [draw.integers(0, 3, draw.integers(2, 4)).tolist() for _ in range(60)]
    for name, order in (("one", range(60)), ("two", draw.permutation(60))):
        table = pa.table({"item": [lists[i] for i in order]})
        spec = write_small(tmp_path / name, {"train.parquet": table}, rows="sessions", lists=("item",))
        prepare_spec(spec, tmp_path / f"{name} out")
    assert tree(tmp_path / "one out") == tree(tmp_path / "two out")


@pytest.mark.shared
def test_leave_one_out_of_diginetica_cuts_its_lists(shared: Path, tmp_path: Path) -> None:
    table = pq.read_table(shared / "data" / "diginetica" / "test.parquet").slice(0, 3000)
    table = table.rename_columns(["session", "item"])
    options = {"data": "  split = leave_one_out()", "rows": "sessions", "lists": ("item",)}
    spec = write_small(tmp_path / "data", {"train.parquet": table}, **options)  # type: ignore[arg-type]
    prepared = prepare_spec(spec, tmp_path / "out")
    lists = table.sort_by("session").column("item").to_pylist()
    assert prepared.test is not None
    assert prepared.test.raw_steps["item"].tolist() == [item for items in lists for item in items]
    assert prepared.train.raw_steps["item"].tolist() == [item for items in lists for item in items[:-2]]
