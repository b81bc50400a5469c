"""`sess init` on data of many shapes: what it guesses, and that what it writes checks against the data itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from sess.compiler.cli.main import run
from sess.compiler.diagnostics import Reporter
from sess.compiler.schema import Schema
from sess.compiler.schema_reader import read_schema
from sess.compiler.source import Source

ROWS = 600
HOSTILE = (
    'a"; import os; #',
    "{{7*7}}",
    "a/b",
    "../x",
    "new\nline",
    "€",
    "_x",
    "mask",
    "x{y}",
    "a\\b",
    "table",
    "item",
    "a.b",
)


def events(**more: Any) -> pa.Table:  # columns by name
    """Return clicks of 60 sessions of ten, with further columns."""
    draw = np.random.default_rng(0)
    columns = {
        "session_id": np.arange(ROWS) // 10,
        "timestamp": 1_400_000_000 + np.arange(ROWS),
        "item_id": draw.integers(0, 50, ROWS),
    }
    return pa.table({**columns, **more})


def init(*arguments: str | Path) -> int:
    """Run the command; return its exit code."""
    return run(["init", *map(str, arguments)])


def schema_of(folder: Path) -> Schema:
    """Return the schema that was written."""
    found = read_schema(Source("schema.pbtxt", (folder / "schema.pbtxt").read_text()), Reporter())
    assert found is not None
    return found


def tags_of(folder: Path) -> dict[str, set[str]]:
    """Return the tags by column."""
    return {column.name: set(column.tags) for column in schema_of(folder).columns}


def spec_of(folder: Path) -> str:
    """Return the text of the only spec."""
    (spec,) = folder.glob("*.sess")
    return spec.read_text()


def checks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fail unless the spec has no finding at all, the data looked at, and is in its one form."""
    (spec,) = folder.glob("*.sess")
    capsys.readouterr()
    code = run(["check", "--data", "--format", "json", str(spec)])
    assert (code, json.loads(capsys.readouterr().out)["diagnostics"]) == (0, [])
    assert run(["fmt", "--check", str(spec)]) == 0


def test_clicks_give_a_spec_that_checks_against_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq.write_table(events(), tmp_path / "clicks.parquet")
    assert init(tmp_path / "clicks.parquet", "-o", tmp_path) == 0
    checks(tmp_path, capsys)
    assert "rows  = events(session=session_id, time=timestamp)" in spec_of(tmp_path)
    assert tags_of(tmp_path)["item_id"] == {"item", "id", "sequence", "categorical"}


def test_what_varies_in_a_session_is_a_step_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = events(device=[f"d{i // 10 % 3}" for i in range(ROWS)], price=np.linspace(0, 1, ROWS))
    pq.write_table(table, tmp_path / "clicks.parquet")
    init(tmp_path / "clicks.parquet", "-o", tmp_path)
    checks(tmp_path, capsys)
    tags = tags_of(tmp_path)
    assert tags["device"] == {"context", "categorical"}
    assert tags["price"] == {"sequence", "continuous"}


def test_a_value_that_is_sometimes_null_varies(tmp_path: Path) -> None:
    table = events(coupon=pa.array([None if i % 10 else f"c{i % 3}" for i in range(ROWS)]))
    pq.write_table(table, tmp_path / "clicks.parquet")
    init(tmp_path / "clicks.parquet", "-o", tmp_path)
    assert "sequence" in tags_of(tmp_path)["coupon"]


def test_names_of_public_data_sets_are_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.table(
        {
            "timestamp": 1_433_221_332_117 + np.arange(ROWS),
            "visitorid": np.arange(ROWS) // 10,
            "event": ["view", "addtocart"] * (ROWS // 2),
            "itemid": np.arange(ROWS) % 40,
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")
    init(tmp_path / "events.parquet", "-o", tmp_path)
    checks(tmp_path, capsys)
    assert "rows  = events(session=visitorid, time=timestamp, unit=ms)" in spec_of(tmp_path)
    assert "leave_one_out()" in spec_of(tmp_path)


def test_outcomes_texts_and_constants_are_no_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = events(
        purchased=(np.arange(ROWS) // 10 % 2),
        comment=[f"a text of many words, number {i}" for i in range(ROWS)],
        version=np.ones(ROWS, np.int64),
    )
    pq.write_table(table, tmp_path / "clicks.parquet")
    init(tmp_path / "clicks.parquet", "-o", tmp_path)
    checks(tmp_path, capsys)
    tags = tags_of(tmp_path)
    assert (tags["purchased"], tags["comment"], tags["version"]) == ({"target"}, {"text"}, set())


def test_ids_that_came_as_floats_are_whole_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = events().set_column(2, "item_id", pa.array(np.arange(ROWS) % 30 + 0.0))
    pq.write_table(table, tmp_path / "clicks.parquet")
    init(tmp_path / "clicks.parquet", "-o", tmp_path)
    checks(tmp_path, capsys)
    column = schema_of(tmp_path).find("item_id")
    assert column is not None
    assert column.dtype.is_integer


def test_true_and_false_are_a_category(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq.write_table(events(is_mobile=np.arange(ROWS) % 2 == 0), tmp_path / "clicks.parquet")
    init(tmp_path / "clicks.parquet", "-o", tmp_path)
    checks(tmp_path, capsys)
    assert tags_of(tmp_path)["is_mobile"] == {"sequence", "categorical"}


def test_lists_of_items_are_sessions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = np.random.default_rng(1)
    lengths = draw.integers(2, 9, 80)
    table = pa.table(
        {
            "products": [draw.integers(0, 30, length).tolist() for length in lengths],
            "brands": [[f"b{i}" for i in draw.integers(0, 4, length)] for length in lengths],
            "country": ["DE", "FR"] * 40,
        }
    )
    pq.write_table(table, tmp_path / "baskets.parquet")
    init(tmp_path / "baskets.parquet", "-o", tmp_path)
    checks(tmp_path, capsys)
    assert "rows  = sessions" in spec_of(tmp_path)
    assert tags_of(tmp_path)["brands"] == {"sequence", "categorical"}
    assert tags_of(tmp_path)["country"] == {"context", "categorical"}


def test_a_folder_is_taken_apart_by_its_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train").mkdir()
    pcsv.write_csv(events(), tmp_path / "train" / "1.csv")
    pcsv.write_csv(events(), tmp_path / "test.csv")
    pcsv.write_csv(pa.table({"item_id": [1, 2], "title": ["a", "b"]}), tmp_path / "items.csv")
    init(tmp_path, "-o", tmp_path)
    checks(tmp_path, capsys)
    text = spec_of(tmp_path)
    assert 'train     = "train/*.csv"' in text
    assert 'test      = "test.csv"' in text
    assert 'catalogue = "items.csv"' in text
    assert "split" not in text


def test_columns_may_be_called_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = {name: [f"v{i % 3}" for i in range(ROWS)] for name in HOSTILE}
    pq.write_table(events(**odd), tmp_path / "clicks.parquet")
    init(tmp_path / "clicks.parquet", "-o", tmp_path)
    checks(tmp_path, capsys)
    assert set(HOSTILE) < set(schema_of(tmp_path).names)


def test_the_schema_is_one_that_merlin_reads_the_same(tmp_path: Path) -> None:
    from merlin.schema.io.tensorflow_metadata import TensorflowMetadata

    table = events(
        when=pa.array(np.arange(ROWS), pa.timestamp("us")),
        note=["x", "y"] * (ROWS // 2),
        price=pa.array(np.linspace(0, 1, ROWS), pa.float32()),
    )
    pq.write_table(table, tmp_path / "clicks.parquet")
    init(tmp_path / "clicks.parquet", "-o", tmp_path)
    read = TensorflowMetadata.from_proto_text_file(str(tmp_path), "schema.pbtxt").to_merlin_schema()
    ours = schema_of(tmp_path)
    assert read.column_names == list(ours.names)
    for column in ours.columns:
        theirs = read[column.name]
        assert {str(tag.value) for tag in theirs.tags} == column.tags
        if column.dtype.is_integer or column.dtype.is_float:
            assert theirs.dtype.name == column.dtype.value


def test_nothing_is_replaced_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq.write_table(events(), tmp_path / "clicks.parquet")
    (tmp_path / "schema.pbtxt").write_text("mine")
    assert init(tmp_path / "clicks.parquet", "-o", tmp_path) == 2
    assert "schema.pbtxt` is there already" in capsys.readouterr().err
    assert (tmp_path / "schema.pbtxt").read_text() == "mine"
    assert not list(tmp_path.glob("*.sess"))
    assert init(tmp_path / "clicks.parquet", "-o", tmp_path, "--force") == 0


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"a": [1, 2], "b": [3, 4]}, "no column looks like an item's id"),
        ({"item_id": [1, 2], "b": [3.5, 4.5]}, "no column looks like a session's or a user's id"),
        ({"item_id": [1, 2], "user_id": [3, 3], "date": ["May", "June"]}, "`date` is text"),
    ],
)
def test_what_can_not_be_guessed_can_be_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], columns: dict[str, list[Any]], said: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "clicks.parquet")
    assert init(tmp_path / "clicks.parquet", "-o", tmp_path) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "say which" in shown


def test_a_schema_alone_gives_a_spec_for_what_synth_writes(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--from-schema", root / "specs" / "shop.pbtxt", "-o", tmp_path, "--name", "shop") == 0
    assert run(["synth", str(tmp_path / "schema.pbtxt"), "-o", str(tmp_path / "data"), "--rows", "500"]) == 0
    checks(tmp_path, capsys)
    assert "columns context = tag(CONTEXT)" in spec_of(tmp_path)
