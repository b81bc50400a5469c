"""A loss that is no number ends a training with the rows of its batch; no state and no weights of it stay."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.backend import CompileOptions, SpecFiles, Stage
from sess.compiler.driver import compile_spec
from sess.compiler.failures import RunFailed
from sess.runtime.backend import Runtime
from sess.runtime.train.checkpoint import Checkpoint
from sess.runtime.train.history import Epoch

SCHEMA = """
feature { name: "session_id" type: INT annotation { tag: "session" } }
feature { name: "time" type: INT annotation { tag: "time" } }
feature { name: "item_id" type: INT annotation { tag: "item" tag: "id" tag: "sequence" tag: "categorical" } }
feature { name: "price" type: FLOAT annotation { tag: "sequence" tag: "continuous" } }
"""
SPEC = """
spec priced
schema "schema.pbtxt"
encoder query = embed(item_id) >> gru(4)
head    next  = query >> regression(price)
data {
  train = "train*.parquet"
  rows  = events(session=session_id, time=time)
}
train { objective = next, batch = 8, epochs = 3 }
"""


def write(path: Path, *, first: int, wild: int | None = None) -> None:
    """Write 40 sessions of four steps in row groups of 50; one row's price is beyond what a square can hold."""
    rows = np.arange(160)
    price = np.full(160, 1.5, np.float32)
    if wild is not None:
        price[wild] = 1e30
    columns = {"session_id": first + rows // 4, "time": rows, "item_id": rows % 7, "price": price}
    pq.write_table(pa.table(columns), path, row_group_size=50)


def test_the_row_that_no_loss_can_hold_is_named_by_file_and_row_group(tmp_path: Path) -> None:
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "priced.sess").write_text(SPEC)
    write(tmp_path / "train1.parquet", first=1000)
    write(tmp_path / "train2.parquet", first=2000, wild=121)
    program = compile_spec(tmp_path / "priced.sess").program
    assert program is not None
    files, options = SpecFiles(tmp_path, SPEC, {}, b"", None), CompileOptions(tmp_path / "out", Stage.TRAIN)
    with pytest.raises(RunFailed) as raised:
        Runtime().compile(program, files, options)
    said = raised.value.message
    assert "the loss is inf at step " in said and " of epoch 1, of `next`: the batch is 8 sessions of " in said
    place = f"in session 2030 of `{tmp_path / 'train2.parquet'}` (row group 2)"
    assert f"its largest number is `price` 1e+30 {place}" in said
    assert not list((tmp_path / ".out.work" / "train").glob("*.npz")) and not (tmp_path / "out").exists()


def test_a_state_with_a_number_that_is_none_leaves_the_one_before(tmp_path: Path) -> None:
    checkpoint, weight = Checkpoint(tmp_path / "state.npz", "key"), keras.Variable([1.0, 2.0])
    first = (Epoch(1, 0.5, {}, None),)
    checkpoint.save([weight], first)
    weight.assign([np.nan, 2.0])
    with pytest.raises(RunFailed, match="no longer finite after 2 epochs"):
        checkpoint.save([weight], (*first, Epoch(2, 0.4, {}, None)))
    assert checkpoint.restore([weight]) == (first, None)
    assert np.asarray(weight).tolist() == [1.0, 2.0]
