"""The files of a click stream: the same bytes each time, valid after train, nobody's data overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sess.compiler.failures import Misused
from sess.compiler.schema import Column, Dtype, Schema
from sess.runtime.synth.write import Summary

Make = Callable[..., Column]
Write = Callable[..., Summary]


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_the_same_arguments_give_the_same_bytes(write: Write, shop: Schema, tmp_path: Path) -> None:
    write(*shop.columns, seed=7)
    once = contents(tmp_path / "data")
    write(*shop.columns, seed=7)
    assert contents(tmp_path / "data") == once


def test_another_seed_gives_another_stream(write: Write, shop: Schema, tmp_path: Path) -> None:
    write(*shop.columns, seed=7)
    once = contents(tmp_path / "data")
    write(*shop.columns, seed=8)
    again = contents(tmp_path / "data")
    assert once.keys() == again.keys()
    assert all(again[name] != once[name] for name in once if name.endswith(".parquet"))


def test_the_counts_are_those_of_the_files(write: Write, shop: Schema, tmp_path: Path) -> None:
    summary = write(*shop.columns, rows=3000)
    rows = {
        name: pq.read_metadata(tmp_path / "data" / name).num_rows for name in summary.files if name.endswith(".parquet")
    }
    assert sum(rows.values()) == summary.rows == 3000
    assert sum(count for name, count in rows.items() if name.startswith("train/")) == summary.train_rows
    assert sum(count for name, count in rows.items() if name.startswith("valid/")) == summary.valid_rows
    assert len([name for name in rows if name.startswith("train/")]) == 4


def test_the_schema_is_copied_as_it_is(write: Write, shop: Schema, tmp_path: Path) -> None:
    write(*shop.columns)
    assert (tmp_path / "data" / "schema.pbtxt").read_bytes() == b"the schema"


@pytest.mark.parametrize("rows", [100, 1000, 20_000])
def test_all_of_valid_is_later_than_train_and_of_other_sessions(
    rows: int, write: Write, shop: Schema, tmp_path: Path
) -> None:
    write(*shop.columns, rows=rows)
    train, valid = (pq.read_table(tmp_path / "data" / split) for split in ("train", "valid"))
    assert np.asarray(train["timestamp"]).max() < np.asarray(valid["timestamp"]).min()
    assert not set(train["session_id"].to_pylist()) & set(valid["session_id"].to_pylist())


def test_rows_are_in_the_order_of_time_and_sessions_interleave(write: Write, shop: Schema, tmp_path: Path) -> None:
    write(*shop.columns, rows=20_000)
    train = pq.read_table(tmp_path / "data" / "train")
    assert (np.diff(np.asarray(train["timestamp"])) >= 0).all()
    names = np.asarray(train["session_id"])
    assert (names[1:] != names[:-1]).sum() > len(set(names))


def test_a_directory_with_files_of_others_is_left_alone(write: Write, shop: Schema, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "diary.txt").write_text("dear diary")
    with pytest.raises(Misused, match="`data` holds files that `sess synth` didn't write"):
        write(*shop.columns)
    assert contents(tmp_path) == {"data/diary.txt": b"dear diary"}


def test_a_file_beside_the_stream_keeps_it_from_being_replaced(write: Write, shop: Schema, tmp_path: Path) -> None:
    write(*shop.columns)
    (tmp_path / "data" / "train" / "mine.parquet").write_bytes(b"mine")
    with pytest.raises(Misused, match="didn't write"):
        write(*shop.columns)


def test_nothing_is_left_where_the_stream_fails(
    write: Write, keys: tuple[Column, ...], column: Make, tmp_path: Path
) -> None:
    with pytest.raises(Misused):
        write(column("visit", Dtype.INT8, "session", "id"), *keys[1:])
    assert contents(tmp_path) == {}


def test_the_record_names_arguments_and_no_place_or_time(write: Write, shop: Schema, tmp_path: Path) -> None:
    write(*shop.columns, seed=3, noise=0.5, items=45)
    text = (tmp_path / "data" / "synth.json").read_text()
    assert json.loads(text)["arguments"] == {"rows": 2000, "seed": 3, "noise": 0.5, "order": "planted", "items": 45}
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 99}, "99 rows are too few"),
        ({"noise": 1.5}, "noise is 1.5"),
        ({"seed": -1}, "the seed is -1"),
        ({"items": 1}, "1 items are too few"),
    ],
)
def test_arguments_out_of_range_are_refused(
    arguments: dict[str, float], message: str, write: Write, shop: Schema
) -> None:
    with pytest.raises(Misused, match=message):
        write(*shop.columns, **arguments)


def test_a_schema_without_a_session_item_or_time_is_refused(write: Write, keys: tuple[Column, ...]) -> None:
    for missing, tag in enumerate(("SESSION_ID", "TIME", "ITEM_ID")):
        with pytest.raises(Misused, match=f"no column of test.pbtxt is tagged {tag}"):
            write(*keys[:missing], *keys[missing + 1 :])


def test_two_item_ids_are_refused_by_name(write: Write, keys: tuple[Column, ...], column: Make) -> None:
    with pytest.raises(Misused, match=r"2 columns of test\.pbtxt are tagged ITEM_ID: `item_id`, `sku`"):
        write(*keys, column("sku", Dtype.STRING, "item", "id"))


@pytest.mark.parametrize("place", [0, 1])
def test_a_list_as_session_or_time_of_a_click_is_refused(
    place: int, write: Write, keys: tuple[Column, ...], column: Make
) -> None:
    listed = column(keys[place].name, Dtype.INT64, *keys[place].tags, is_list=True)
    with pytest.raises(Misused, match=f"`{keys[place].name}` is a list"):
        write(*keys[:place], listed, *keys[place + 1 :])
