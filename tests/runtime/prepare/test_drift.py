"""Files that drifted from the schema are told by their footers; what can still be read is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sess.compiler.cli import check
from sess.compiler.failures import RunFailed
from sess.runtime.prepare.footers import inspect
from tests.runtime.prepare.conftest import plan_of, schema_text, write_small

GOOD = {"session": [1, 1, 2, 2], "time": [1, 2, 1, 2], "item": [1, 2, 2, 3], "price": [1.0, 2.0, 3.0, 4.0]}
COLUMNS = list(GOOD)


def table(**changes: object) -> pa.Table:
    """Return the good data with other columns; None leaves one out."""
    return pa.table({name: values for name, values in {**GOOD, **changes}.items() if values is not None})


def said(base: Path, files: Mapping[str, pa.Table], **options: object) -> list[tuple[str, str]]:
    """Return the codes and messages of `sess check --data`."""
    spec = write_small(base, files, columns=COLUMNS, **options)  # type: ignore[arg-type]
    return findings(spec)


def findings(spec: Path) -> list[tuple[str, str]]:
    """Return the codes and messages of the errors of `sess check --data`, whose exit code is 1 where there are any."""
    result = CliRunner().invoke(
        check.command, [str(spec), "--data", "--format", "json"], standalone_mode=False, catch_exceptions=False
    )
    listed = json.loads(result.stdout)["diagnostics"]
    found = [(each["code"], each["message"]) for each in listed if each["severity"] == "error"]
    assert result.return_value == (1 if found else 0)
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"item": pa.array([1, 2, 2, 3], pa.int32())},
        {"item": [1, None, 2, 3]},
        {"item": [1.0, None, 2.0, 3.0]},
        {"price": pa.array([1, 2, 3, 4], pa.int16())},
        {"extra": ["a", "b", "c", "d"]},
    ],
    ids=["same", "narrower", "nullable", "whole floats", "whole numbers", "one more"],
)
def test_a_drift_that_loses_nothing_is_no_finding(changes: dict[str, object], tmp_path: Path) -> None:
    assert said(tmp_path, {"train.parquet": table(**changes)}) == []


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"price": None}, "S442", "`train.parquet` has no column `price`"),
        ({"item": None, "items": [1, 2, 2, 3]}, "S442", "`train.parquet` has no column `item`"),
        ({"item": ["a", "b", "c", "d"]}, "S443", "`item` of `train.parquet` is `string`, the schema says `int64`"),
        (
            {"price": ["1", "2", "3", "4"]}, "S443",
            "`price` of `train.parquet` is `string`, the schema says `float32`",
        ),
        ({"item": [True, True, False, True]}, "S443", "`item` of `train.parquet` is `bool`, the schema says `int64`"),
        (
            {"item": [[1], [2], [2], [3]]}, "S443",
            "`item` of `train.parquet` is lists (`list<element: int64>`), the schema says one `int64` a row",
        ),
    ],
    ids=["missing", "renamed", "text ids", "text numbers", "truth values", "lists"],
)  # fmt: skip
def test_a_drift_is_one_finding(changes: dict[str, object], code: str, message: str, tmp_path: Path) -> None:
    assert said(tmp_path, {"train.parquet": table(**changes)}) == [(code, message)]


def test_one_value_a_row_where_lists_are_declared_is_a_finding(tmp_path: Path) -> None:
    options = {"rows": "sessions", "lists": ("item",), "columns": ["session", "item"]}
    files = {"train.parquet": pa.table({"session": [1, 2], "item": [3, 4]})}
    spec = write_small(tmp_path, files, **options)  # type: ignore[arg-type]
    message = "`item` of `train.parquet` is one `int64` a row, the schema says lists of `int64`"
    assert findings(spec) == [("S443", message)]


LOOK = [[1.0, 2.0, 3.0], None, [], [1.0, 1.0, 1.0]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array(LOOK), ""),
        (pa.array([LOOK[0]] * 4, pa.list_(pa.float32(), 3)), ""),
        (pa.array([[1.0, 2.0]] * 4, pa.list_(pa.float32(), 2)), "lists of 2, the schema says lists of 3"),
        (pa.array([[1.0, 2.0]] * 3 + [None]), "7 numbers in 4 rows, the schema says lists of 3"),
        (pa.array([[1.0, 2.0, 3.0, 4.0]] * 4), "16 numbers in 4 rows, the schema says lists of 3"),
        (pa.array([1.0, 2.0, 3.0, 4.0]), "one `double` a row, the schema says lists of `float32`"),
    ],
    ids=["ragged", "fixed", "narrow", "counted", "wide", "flat"],
)
def test_vectors_of_another_width_are_a_finding(values: pa.Array, message: str, tmp_path: Path) -> None:
    files = {"train.parquet": table(look=values)}
    found = findings(write_small(tmp_path, files, columns=[*COLUMNS, "look"]))
    assert found == ([("S443", f"`look` of `train.parquet` is {message}")] if message else [])


def test_bags_of_another_depth_are_a_finding(tmp_path: Path) -> None:
    options = {"lists": ("colours",), "columns": [*COLUMNS, "colours"]}
    good = [["red"], [], None, ["blue"]]
    for name, colours in (("good", good), ("deep", [[["red"]], [], None, []]), ("flat", ["a", "b", "c", "d"])):
        spec = write_small(tmp_path / name, {"train.parquet": table(colours=colours)}, **options)  # type: ignore[arg-type]
        codes = [code for code, _ in findings(spec)]
        assert codes == ([] if name == "good" else ["S443"])


def test_the_catalogues_lists_are_looked_at(tmp_path: Path) -> None:
    spec = write_small(tmp_path, {"train.parquet": table()}, columns=COLUMNS, data='catalogue = "items.parquet"')
    (tmp_path / "items.pbtxt").write_text(schema_text(["item", "colours", "look"], {}, ("colours",)))
    text = spec.read_text().replace(
        'schema "schema.pbtxt"',
        'schema "schema.pbtxt"\nschema "items.pbtxt" for catalogue\n'
        'let about = concat(embed(column("colours", of=catalogue)), vectors(column("look", of=catalogue)))',
    )
    x = "features(steps)"
    assert x in text
    spec.write_text(text.replace(x, "concat(features(steps), at(about, item))"))
    pq.write_table(
        pa.table({"item": [1, 2], "colours": ["a", "b"], "look": [[1.0, 2.0], [1.0] * 3]}), tmp_path / "items.parquet"
    )
    assert findings(spec) == [
        ("S443", "`colours` of `items.parquet` is one `string` a row, the schema says lists of `string`"),
        ("S443", "`look` of `items.parquet` is 5 numbers in 2 rows, the schema says lists of 3"),
    ]


def test_two_columns_of_one_name_are_a_finding_where_they_are_read(tmp_path: Path) -> None:
    twice = table().append_column("item", pa.array([1, 2, 2, 3]))
    extra = table(extra=["a"] * 4).append_column("extra", pa.array(["a"] * 4))
    assert said(tmp_path / "a", {"train.parquet": extra}) == []
    assert said(tmp_path / "b", {"train.parquet": twice}) == [("S443", "`train.parquet` has several columns `item`")]


def test_files_that_disagree_are_named_with_how_many_they_are(tmp_path: Path) -> None:
    files = {"train1.parquet": table(), "train2.parquet": table(item=list("abcd")), "train3.parquet": table(price=None)}
    assert said(tmp_path, files) == [
        ("S443", "`item` of `train2.parquet` is `string`, the schema says `int64`; so it is in 1 of 3 files"),
        ("S442", "`train3.parquet` has no column `price`; so it is in 1 of 3 files"),
    ]


def test_a_cut_off_file_is_named_and_the_others_are_still_looked_at(tmp_path: Path) -> None:
    spec = write_small(tmp_path, {"train1.parquet": table(), "train3.parquet": table(price=None)}, columns=COLUMNS)
    whole = (tmp_path / "train1.parquet").read_bytes()
    (tmp_path / "train2.parquet").write_bytes(whole[:-5])
    (first, text), (second, _) = findings(spec)
    assert (first, second) == ("S441", "S442")
    assert "`train2.parquet` can't be read as parquet" in text


def test_empty_files_are_a_finding_where_no_other_has_rows(tmp_path: Path) -> None:
    empty = table().slice(0, 0)
    assert said(tmp_path / "a", {"train1.parquet": empty, "train2.parquet": table()}) == []
    assert said(tmp_path / "b", {"train1.parquet": empty}) == [("S444", "the files of `train` have no rows")]


def test_every_key_and_the_catalogue_are_looked_at(tmp_path: Path) -> None:
    keys = 'valid = "later.parquet"\ncatalogue = "items.parquet"'
    spec = write_small(tmp_path, {"train.parquet": table()}, columns=COLUMNS, data=keys)
    pq.write_table(pa.table({"item": list("abc")}), tmp_path / "items.parquet")
    assert findings(spec) == [
        ("S440", "no file matches `later.parquet`"),
        ("S443", "`item` of `items.parquet` is `string`, the schema says `int64`"),
    ]


def test_what_the_footers_let_pass_is_read_by_the_preparation(tmp_path: Path) -> None:
    spec = write_small(tmp_path, {"train.parquet": table(item=[1.5, 2.0, 2.0, 3.0])}, columns=COLUMNS)
    assert inspect(plan_of(spec), tmp_path) == ()  # only a value tells that it isn't whole


def test_compile_fails_by_a_footer_before_anything_is_built(tmp_path: Path) -> None:
    from sess.compiler.backend import CompileOptions, SpecFiles
    from sess.compiler.driver import compile_spec
    from sess.runtime.backend import Runtime

    spec = write_small(tmp_path, {"train.parquet": table(item=list("abcd"), price=None)}, columns=COLUMNS)
    program = compile_spec(spec).program
    assert program is not None
    files = SpecFiles(tmp_path, spec.read_text(), {}, b"", None)
    with pytest.raises(RunFailed, match=r"the schema says `int64` \(and 1 more: `sess check --data` tells them all\)"):
        Runtime().compile(program, files, CompileOptions(tmp_path / "out"))
    assert [each.name for each in tmp_path.iterdir() if "out" in each.name] == []
