"""Bad data is an error in the user's words, or left out and counted; never a wrong session."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sess.compiler.failures import RunFailed
from sess.runtime.prepare.files import find_files
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import LineProgress
from tests.runtime.prepare.conftest import Prepare, plan_of, prepare_spec, write_small

GOOD = {"session": [1, 1, 2, 2], "time": [1, 2, 1, 2], "item": [1, 2, 2, 3]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"item": ["a", "b", "c", "d"]},
            "`item` of `.*train.parquet` is `string`, such as 'a', the schema says `int64`",
        ),
        ({"item": [1.5, 2.0, 3.0, 4.0]}, "`item` of `.*train.parquet` is 1.5, the schema says `int64`"),
        ({"item": [[1], [2], [3], [4]]}, r"is lists \(`list<.*>`\), the schema says one `int64` a row"),
        ({"item": pa.array([2**63, 1, 2, 3], pa.uint64())}, "is values from 1 to 9223372036854775808"),
        ({"price": ["1", "2", "3", "4"]}, "`price` of `.*train.parquet` is `string`, the schema says `float32`"),
        (
            {"price": [1.0, 2.0, np.inf, 4.0]},
            r"`price` of `.*train.parquet` has an infinite number \(row 2, in row group 0\)",
        ),
        ({"shelf": [b"\xff", b"a", b"b", b"c"]}, "`shelf` of `.*train.parquet` has text that is not UTF-8"),
        ({"device": pa.nulls(4, pa.string())}, "`device` is null in every row"),
        ({"session": pa.nulls(4, pa.int64())}, "`session` is null in every event"),
        ({"item": pa.nulls(4, pa.int64())}, "there is nothing to train on in `train`"),
    ],
)
def test_a_column_that_differs_from_the_schema_is_named_with_its_value(
    small: Prepare, change: dict[str, object], message: str
) -> None:
    with pytest.raises(RunFailed, match=message) as raised:
        small({**GOOD, **change})
    assert raised.value.help


def test_an_infinite_number_that_is_clipped_is_taken(small: Prepare) -> None:
    prepared = small({**GOOD, "price": [1.0, 2.0, np.inf, 4.0]}, overrides="  price = clip(0, 8) >> standardize")
    assert np.isfinite(prepared.train.steps["price"]).all()


def test_a_missing_column_is_named_with_what_is_there(small: Prepare) -> None:
    table = pa.table(GOOD).drop(["time"])
    with pytest.raises(RunFailed, match="has no column `time`") as raised:
        small({"train.parquet": table}, columns=["session", "time", "item"])
    assert "it has `session`, `item`" in raised.value.help


def test_a_missing_file_is_named_as_the_spec_names_it(small: Prepare, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match=r"no file matches `nowhere/\*.parquet`"):
        small(GOOD, train='"nowhere/*.parquet"')
    with pytest.raises(RunFailed, match="can't be looked up"):
        find_files("nosuch://bucket/x", tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    spec = write_small(tmp_path / "data", {"train.parquet": pa.table(GOOD)})
    (tmp_path / "data" / "train2.parquet").write_bytes(content)
    with pytest.raises(RunFailed, match=r"`.*train2.parquet` can't be read as parquet"):
        prepare_spec(spec, tmp_path / "out")


def test_events_without_a_session_or_a_time_are_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = {
        "session": [1.0, 1, 1, None, 2, 2], "time": [1.0, np.nan, 3, 1, np.inf, 2], "item": [1, 2, 3, 4, 5, 6],
    }  # fmt: skip
    spec = write_small(tmp_path / "data", {"train.parquet": pa.table(table)}, kinds={"time": "FLOAT"})
    prepared = prepare(plan_of(spec), spec.parent, tmp_path / "out", LineProgress())
    said = capsys.readouterr().err.splitlines()
    assert prepared.train.raw_steps["item"].tolist() == [1, 3, 6]
    assert "`train`: left out 1 events without a session (`session`)" in said
    assert "`train`: left out 2 events without a time (`time`)" in said


@pytest.mark.parametrize(
    ("times", "stays", "said"),
    [
        ([-1, 0, 5, -(2**63)], [0, 5], "left out 2 events before 1970 or after 9999 (`time`)"),
        ([2**63 - 1, 1, 2, 3], [1, 2, 3], "left out 1 events before 1970 or after 9999 (`time`)"),
        ([253_402_300_799, 1, 2, 3], [1, 2, 3, 253_402_300_799], None),
    ],
)
def test_numbers_that_are_no_moment_are_left_out_and_said(
    times: list[int], stays: list[int], said: str | None, small: Prepare
) -> None:
    prepared = small({"session": [1, 1, 1, 1], "time": times, "item": times})
    assert prepared.train.raw_steps["item"].tolist() == stays
    dropped = prepared.facts["sources"]["train"]["dropped"]  # type: ignore[index, call-overload]
    assert [f"left out {count} {reason}" for reason, count in dropped.items()] == ([said] if said else [])


def test_a_file_without_rows_among_others_is_said(small: Prepare) -> None:
    prepared = small({"train1.parquet": pa.table(GOOD), "train2.parquet": pa.table(GOOD).slice(0, 0)})
    assert prepared.facts["sources"]["train"]["dropped"] == {"files without rows": 1}  # type: ignore[index, call-overload]


def test_two_columns_of_one_name_are_refused(small: Prepare) -> None:
    table = pa.table(GOOD)
    with pytest.raises(RunFailed, match=r"`.*train.parquet` has several columns `item`"):
        small({"train.parquet": table.append_column("item", table.column("item"))}, columns=["session", "time", "item"])


def test_data_that_nothing_can_be_learned_from_is_refused_before_tensorflow_is_imported(tmp_path: Path) -> None:
    spec = write_small(tmp_path, {"train.parquet": pa.table({**GOOD, "session": [1, 2, 3, 4]})})
    refused = (
        "import sys; from sess.compiler.cli.main import run; "
        f"code = run(['compile', {str(spec)!r}, '-o', {str(tmp_path / 'out')!r}]); "
        "sys.exit(code if 'tensorflow' not in sys.modules else 1)"
    )
    run = subprocess.run([sys.executable, "-c", refused], capture_output=True, text=True, check=False)
    assert run.returncode == 4
    assert "sessions of 2 steps are needed, the longest of its 4 sessions has 1" in run.stderr


def test_repeated_events_are_kept_and_counted(small: Prepare) -> None:
    prepared = small({"session": [1, 1, 1], "time": [5, 5, 5], "item": [2, 2, 3]})
    assert prepared.train.raw_steps["item"].tolist() == [2, 2, 3]
    assert prepared.facts["sources"]["train"]["repeated_events"] == 1  # type: ignore[index, call-overload]


def test_an_event_without_any_step_value_is_no_step_but_says_what_its_session_is(small: Prepare) -> None:
    table = {
        "session": [1, 1, 1, 1],
        "time": [0, 1, 2, 3],
        "item": [None, 1, 2, None],
        "device": ["tv", "pc", "pc", "pc"],
    }
    prepared = small(table)
    assert prepared.train.raw_steps["item"].tolist() == [1, 2]
    assert prepared.train.raw_session["device"].tolist() == ["tv"]


def test_a_catalogue_without_the_id_column_is_named(small: Prepare) -> None:
    files = {"train.parquet": pa.table(GOOD), "items.parquet": pa.table({"sku": [1, 2], "title": ["a", "b"]})}
    with pytest.raises(RunFailed, match=r"the catalogue `.*items.parquet` has no column `item`") as raised:
        small(files, data='  catalogue = "items.parquet"')
    assert "`sku`, `title`" in raised.value.help


def test_whole_floats_and_narrow_integers_are_taken_for_whole_numbers(small: Prepare) -> None:
    prepared = small(
        {
            **GOOD,
            "item": pa.array([1.0, None, 2.0, 3.0]),
            "session": pa.array([1, 1, 2, 2], pa.int8()),
            "price": [1, 2, 3, 4],
        }
    )
    assert prepared.train.raw_steps["item"].tolist() == [1, None, 2, 3]
    assert prepared.train.steps["item"].tolist() == [3, 1, 4, 5]
    assert prepared.train.keys.dtype == np.int64


def test_csv_gives_the_sessions_that_parquet_gives(tmp_path: Path) -> None:
    base = tmp_path / "data"
    table = {**GOOD, "shelf": ["a", None, 'b "c", d', "ö"], "price": [1.5, None, 2.0, 3.0]}
    spec = write_small(base, {"train.parquet": pa.table(table)})
    as_parquet = prepare_spec(spec, tmp_path / "one")
    (base / "train.parquet").unlink()
    (base / "train.csv").write_text(
        'time,extra,session,item,shelf,price\n1,x,1,1,a,1.5\n2,x,1,2,,\n1,x,2,2,"b ""c"", d",2\n2,x,2,3,ö,3\n'
    )
    spec.write_text(spec.read_text().replace("train*.parquet", "*.csv"))
    as_csv = prepare_spec(spec, tmp_path / "two")
    for column, values in as_parquet.train.steps.items():
        np.testing.assert_array_equal(values, as_csv.train.steps[column])
    (base / "train.csv").write_text("time,session,item,shelf,price\n1,1,1,a,1.5\n2,1,two,a,1\n")
    with pytest.raises(RunFailed, match=r"`.*train.csv` can't be read as csv: .*'two'"):
        prepare_spec(spec, tmp_path / "three")


def test_a_hostile_name_stays_a_name(tmp_path: Path) -> None:
    spec = write_small(tmp_path / "data", {"train.parquet": pa.table({**GOOD, "shelf": ["a", "b", "a", "c"]})})
    hostile = "../../x/{y}+\\\"'*"
    quoted = hostile.replace("\\", "\\\\").replace('"', '\\"')
    schema = spec.with_name("schema.pbtxt")
    schema.write_text(schema.read_text().replace('name: "shelf"', f'name: "{quoted}"'))
    table = pa.table({**GOOD, hostile: ["a", "b", "a", "c"]})
    pa.parquet.write_table(table, spec.with_name("train.parquet"))
    prepared = prepare_spec(spec, tmp_path / "out")
    assert prepared.train.steps[hostile].tolist() == [3, 4, 3, 5]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]
