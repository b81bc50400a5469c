"""Paths are relative to the file in which they are written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sess.compiler.driver import check_spec
from sess.compiler.plans import DataPlan, Program

COMMON = """
param where = "valid.parquet"
table items = embedding(item_id, dim=8, pretrained="v.npy", ids="ids.npy")
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
def program(tmp_path: Path, root: Path) -> Program:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "common.sess").write_text(COMMON)
    (tmp_path / "shop.sess").write_text(SPEC)
    shutil.copy(root / "specs" / "shop.pbtxt", tmp_path)
    program = check_spec(tmp_path / "shop.sess").program
    assert program is not None
    return program


@pytest.fixture
def data(program: Program) -> DataPlan:
    return program.workflow.data


def test_paths_of_an_import_are_relative_to_the_import(data: DataPlan) -> None:
    assert data.train == ("shared/a.parquet", "b.parquet", "s3://bucket/c.parquet")


def test_a_param_that_holds_a_path_is_relative_to_the_file_of_the_param(data: DataPlan) -> None:
    assert data.valid == ("shared/valid.parquet",)


def test_paths_of_the_spec_stay_as_they_are(data: DataPlan) -> None:
    assert data.test == ("test.parquet",)


def test_vectors_of_an_imported_table_are_relative_to_the_import(program: Program) -> None:
    (table,) = program.model.tables
    assert (table.params["pretrained"], table.params["ids"]) == ("shared/v.npy", "shared/ids.npy")
