"""A stage that has no room for what it writes isn't begun."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pyarrow as pa
import pytest

from sess.compiler.failures import RunFailed
from sess.runtime.build.disk import Disk
from sess.runtime.build.room import of_prepare
from tests.runtime.prepare.conftest import plan_of, write_small

Usage = namedtuple("Usage", ["total", "used", "free"])


def test_what_is_needed_and_what_is_free_is_said_before_a_stage_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - 3 * 2**20, 3 * 2**20))
    disk = Disk(tmp_path / ".out.work")
    disk.ask("prepare", 2**20)
    with pytest.raises(RunFailed, match=rf"`train` writes about 4 GiB, 3 MiB are free in `{tmp_path}`"):
        disk.ask("train", 2**32)


def test_preparing_needs_room_for_every_file_that_it_reads(tmp_path: Path) -> None:
    table = pa.table({"session": [1, 1], "time": [1, 2], "item": [1, 2]})
    spec = write_small(tmp_path, {"train1.parquet": table, "train2.parquet": table, "other.parquet": table})
    size = sum((tmp_path / f"train{i}.parquet").stat().st_size for i in (1, 2))
    assert of_prepare(plan_of(spec), tmp_path) == 3 * size
