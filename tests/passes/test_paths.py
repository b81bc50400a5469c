"""Paths are relative to the file in which they are written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sess.compiler.driver import check_spec
from sess.compiler.plans import DataPlan

COMMON = """
param where = "valid.parquet"
data {
  train = ["a.parquet", "../b.parquet", "s3://bucket/c.parquet"]
  valid = where
  rows  = events(session=session_id, time=timestamp)
}
"""
SPEC = """
spec shop
schema "shop.pbtxt"
import "shared/common.sess"
head click = features(item_id) >> gru(units=8) >> categorical(item_id)
data { test = "test.parquet" }
train { objective = next }
"""


@pytest.fixture
def data(tmp_path: Path, root: Path) -> DataPlan:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "common.sess").write_text(COMMON)
    (tmp_path / "shop.sess").write_text(SPEC)
    shutil.copy(root / "specs" / "shop.pbtxt", tmp_path)
    program = check_spec(tmp_path / "shop.sess").program
    assert program is not None
    return program.workflow.data


def test_paths_of_an_import_are_relative_to_the_import(data: DataPlan) -> None:
    assert data.train == ("shared/a.parquet", "b.parquet", "s3://bucket/c.parquet")


def test_a_param_that_holds_a_path_is_relative_to_the_file_of_the_param(data: DataPlan) -> None:
    assert data.valid == ("shared/valid.parquet",)


def test_paths_of_the_spec_stay_as_they_are(data: DataPlan) -> None:
    assert data.test == ("test.parquet",)
