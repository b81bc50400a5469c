"""Files that can't be read end a build, unless it allows for some: then they are left out and named."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sess.compiler.cli import compile as command
from sess.compiler.failures import Failure, Misused, RunFailed
from sess.runtime.prepare.footers import inspect
from sess.runtime.prepare.shards import enough, readable
from tests.runtime.prepare.conftest import plan_of, write_small

GOOD = {"session": [1, 1, 2, 2] * 50, "time": [1, 2, 1, 2] * 50, "item": [1, 2, 2, 3] * 50}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """Ten shards, of which the fourth has a bad page and the eighth a cut footer."""
    spec = write_small(tmp_path, {f"train{i}.parquet": pa.table(GOOD) for i in range(10)})
    pq.write_table(pa.table(GOOD), tmp_path / "train3.parquet", row_group_size=100, write_page_checksum=True)
    chunk = pq.ParquetFile(tmp_path / "train3.parquet").metadata.row_group(1).column(2)
    content = bytearray((tmp_path / "train3.parquet").read_bytes())
    content[(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 2] ^= 0xFF
    (tmp_path / "train3.parquet").write_bytes(content)
    (tmp_path / "train7.parquet").write_bytes((tmp_path / "train0.parquet").read_bytes()[:-9])
    return spec


def test_files_that_can_not_be_read_are_left_out_with_the_reason(spec: Path) -> None:
    shards = readable(plan_of(spec), spec.parent, 0.2)
    assert len(shards.workflow.data.train) == 8
    assert list(shards.skipped) == ["train"] and list(shards.skipped["train"]) == ["train3.parquet", "train7.parquet"]
    assert shards.skipped["train"]["train3.parquet"].startswith("row group 1 of 2, column `item`: ")
    assert str(spec.parent) not in json.dumps(shards.skipped)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.19])
def test_more_of_them_than_allowed_are_an_error(share: float, spec: Path) -> None:
    with pytest.raises(RunFailed, match=r"2 of 10 files of `train` can't be read, more than .*row group 1 of 2"):
        readable(plan_of(spec), spec.parent, share)


def test_csv_whose_lines_are_broken_is_left_out_and_one_with_a_wrong_value_is_not(tmp_path: Path) -> None:
    spec = write_small(tmp_path, {"train.parquet": pa.table(GOOD)})
    spec.write_text(spec.read_text().replace("train*.parquet", "train*.csv"))
    for i, last in enumerate(["3,1,4", '"3,1', "3,1,4", "3,1,4"]):
        (tmp_path / f"train{i}.csv").write_text(f"session,time,item\n1,1,2\n1,2,3\n{last}\n")
    shards = readable(plan_of(spec), tmp_path, 0.25)
    assert list(shards.skipped["train"]) == ["train1.csv"]
    (tmp_path / "train2.csv").write_text("session,time,item\n1,1,two\n")
    with pytest.raises(RunFailed, match=r"can't be read as csv: .*'two'"):
        readable(plan_of(spec), tmp_path, 0.5)


def test_the_percentage_that_is_advised_is_enough(spec: Path) -> None:
    faults = inspect(plan_of(spec), spec.parent)
    assert enough(plan_of(spec), spec.parent, faults) == "10%"
    for path in spec.parent.glob("*.parquet"):
        path.write_bytes(b"PAR1")
    assert enough(plan_of(spec), spec.parent, inspect(plan_of(spec), spec.parent)) is None


def test_a_file_that_drifted_is_never_left_out(spec: Path) -> None:
    table = pa.table({**GOOD, "item": ["a"] * 200})
    pq.write_table(table, spec.with_name("train5.parquet"))
    with pytest.raises(RunFailed, match="the schema says `int64`"):
        readable(plan_of(spec), spec.parent, 1.0)


def test_no_file_left_is_an_error_whatever_is_allowed(spec: Path) -> None:
    for path in spec.parent.glob("*.parquet"):
        path.write_bytes(b"PAR1")
    with pytest.raises(RunFailed, match="10 of 10 files"):
        readable(plan_of(spec), spec.parent, 1.0)


@pytest.mark.parametrize(("options", "kind"), [(["--skip-bad-shards", "20%"], None), ([], RunFailed),
                                               (["--skip-bad-shards", "lots"], Misused)])  # fmt: skip
def test_the_command_builds_without_them_and_says_so(
    options: list[str], kind: type[Failure] | None, spec: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("CI", "1")
    arguments = [str(spec), "-o", str(spec.parent / "out"), "--until", "prepare", *options]
    result = CliRunner().invoke(command.command, arguments, standalone_mode=False)
    if kind is not None:
        assert isinstance(result.exception, kind)
        return
    assert result.exception is None and result.return_value == 0
    said = result.stderr + capfd.readouterr().err
    assert "`train`: left out `train3.parquet`, which can't be read: row group 1 of 2, column `item`" in said
    facts = json.loads((spec.parent / ".out.work" / "prepare" / "facts.json").read_text())
    assert facts["sources"]["train"]["files"] == 8
