"""A step without a time has that of the step beside it, in training as in evaluation, and it is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.driver import compile_spec
from sess.runtime.prepare.fitted import fitted_transform
from sess.runtime.prepare.held_out import held_out
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import LineProgress, Silent
from tests.runtime.prepare.conftest import schema_text

SPEC = """
spec gaps
schema "schema.pbtxt"
columns seen = column("time")
table   items = embedding(item, dim=8)
encoder query = concat(features(item), time_gap(seen)) >> mlp([8]) >> sasrec(layers=1, heads=1)
head    click = query >> categorical(item, tied=items)
data { train = "train.parquet" test = "train.parquet" rows = sessions }
train { objective = next }
"""
TIMES = [[100, None, 130, None], [None, 50], [None, None], [7, 8]]


def prepared(base: Path, progress: LineProgress | Silent) -> Prepared:
    table = {"session": [1, 2, 3, 4], "item": [[1, 2, 3, 4], [1, 2], [3, 4], [1, 3]], "time": TIMES}
    base.mkdir()
    pq.write_table(pa.table(table), base / "train.parquet")
    schema = schema_text(list(table), {}, ("item", "time"))
    (base / "schema.pbtxt").write_text(schema.replace('tag: "time"', 'tag: "time" tag: "sequence"'))
    (base / "gaps.sess").write_text(SPEC)
    checked = compile_spec(base / "gaps.sess")
    assert checked.program is not None, checked.diagnostics
    made = prepare(checked.program.workflow, base, base / "out", progress)
    again = held_out(checked.program.workflow, ["train.parquet"], base, fitted_transform(base / "out"))
    np.testing.assert_array_equal(again.steps["time"], made.train.steps["time"])
    return made


def test_a_null_time_is_that_of_the_step_before_or_else_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = prepared(tmp_path / "data", LineProgress())
    assert made.train.steps["time"].tolist() == [100, 100, 130, 130, 50, 50, 0, 0, 7, 8]
    assert "`train`: 3 steps have no time (`time`) and get that of the step beside them" in capsys.readouterr().err


def test_the_filled_time_is_what_a_request_is_made_of(tmp_path: Path) -> None:
    made = prepared(tmp_path / "data", Silent())
    assert made.train.raw_steps["time"].tolist()[:6] == [100, 100, 130, 130, 50, 50]
