"""Tiny click streams as real files, and what the compiler and the preparation make of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clicks import SCHEMA

from sess.compiler.driver import compile_spec
from sess.compiler.plans import Program, TrainPlan
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent

SPEC = """
spec cycle

schema "schema.pbtxt"

columns item = tag(ITEM_ID)
table   items = embedding(item, dim=16)
encoder query = features(item) >> dropout(0.1) >> sasrec(layers=1, heads=1)
head    click = query >> categorical(item, tied=items)

data {
  train = "train.parquet"
  valid = "valid.parquet"
  rows  = events(session=session_id, time=time)
  keep  = last(8)
}
train {
  objective = next
  optimizer = adam(lr=0.01)
  batch     = 32
  epochs    = 6
  stop      = early(recall@1, patience=6)
}
evaluate {
  metrics   = [recall@1, recall@5, ndcg@5, coverage@5]
  baselines = [popular, last_item_knn]
  slices    = [length]
}
"""
ITEMS = 12


def write_cycle(path: Path, *, seed: int, sessions: int) -> None:
    """Write sessions in which item i is always followed by item i + 1, around a cycle; ids start beyond 32 bits."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(2, 10, sessions)
    numbers = np.repeat(np.arange(sessions) + 1000 * seed, lengths)
    steps = np.concatenate([np.arange(length) for length in lengths])
    items = (np.repeat(draw.integers(0, ITEMS, sessions), lengths) + steps) % ITEMS
    table = pa.table({"session_id": numbers, "time": steps, "item_id": items * 17 + 5_000_000_000})
    pq.write_table(table, path)


@pytest.fixture(scope="session")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Prepared]:
    """A program on a deterministic cycle of items, and its prepared data."""
    base = tmp_path_factory.mktemp("cycle")
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "cycle.sess").write_text(SPEC)
    write_cycle(base / "train.parquet", seed=1, sessions=400)
    write_cycle(base / "valid.parquet", seed=2, sessions=80)
    checked = compile_spec(base / "cycle.sess")
    program = checked.program
    assert program is not None, checked.diagnostics
    return program, prepare(program.workflow, base, base / "prepared", Silent())


@pytest.fixture
def with_train() -> Callable[..., Program]:
    """Return a program with other values in its train plan."""

    def changed(program: Program, **values: object) -> Program:
        plan: TrainPlan = replace(program.train, **values)  # type: ignore[arg-type]
        return replace(program, train=plan)

    return changed
