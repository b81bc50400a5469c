"""Clicks and searches of the same visits: what is clicked next follows from the last query before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.driver import compile_spec
from sess.compiler.plans import Program
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent

SCHEMA = """
feature { name: "visit" type: INT annotation { tag: "session" tag: "id" } }
feature { name: "at" type: INT annotation { tag: "time" } }
feature { name: "item_id" type: INT annotation { tag: "item" tag: "id" tag: "sequence" tag: "categorical" } }
feature { name: "query" type: BYTES annotation { tag: "sequence" tag: "categorical" } }
feature { name: "words" type: FLOAT annotation { tag: "sequence" tag: "continuous" } }
"""
SPEC = """
spec searched

schema "schema.pbtxt"

sequence searches = query + words

table items = embedding(item_id, dim=16)

let     asked = features(searches) >> gru(16) >> last
encoder query_vector = concat(features(item_id) >> gru(16) >> last, asked) >> mlp([16])
encoder search_vector = features(searches) >> gru(8)
head    click = query_vector >> categorical(item_id, tied=items)

data {
  train = "train.parquet"
  valid = "valid.parquet"
  test  = "valid.parquet"
  rows  = events(session=visit, time=at)
  keep  = last(6)
}
train {
  objective = last
  optimizer = adam(lr=0.01)
  batch     = 32
  epochs    = 8
}
evaluate { metrics = [recall@1] }
serve { exclude = [] top_k = 5 }
"""
ITEMS = 8
FIRST = 7_000_000_000


def write_visits(path: Path, *, seed: int, sessions: int) -> None:
    """Write visits: random clicks and searches, where the last click is the item of the last query before it.

    A search behind the last click, of another item, would give the answer away as wrong if it were seen.
    """
    draw = np.random.default_rng(seed)
    rows: list[tuple[int, int, int | None, str | None, float | None]] = []
    for session in range(sessions):
        visit, time = 1000 * seed + session, 0
        asked = 0
        for _ in range(int(draw.integers(1, 5))):
            for _ in range(int(draw.integers(1, 3))):
                asked, time = int(draw.integers(0, ITEMS)), time + 1
                rows.append((visit, time, None, f"query {asked}", float(asked % 3)))
            time += 1
            rows.append((visit, time, FIRST + int(draw.integers(0, ITEMS)), None, None))
        asked, time = int(draw.integers(0, ITEMS)), time + 1
        rows.append((visit, time, None, f"query {asked}", float(asked % 3)))
        rows.append((visit, time + 1, FIRST + asked, None, None))
        rows.append((visit, time + 1 + session % 2, None, f"query {(asked + 3) % ITEMS}", 9.0))
    visits, times, items, queries, words = zip(*rows, strict=True)
    table = pa.table(
        {
            "visit": pa.array(visits, pa.int64()),
            "at": pa.array(times, pa.int64()),
            "item_id": pa.array(items, pa.int64()),
            "query": pa.array(queries, pa.string()),
            "words": pa.array(words, pa.float32()),
        }
    )
    pq.write_table(table, path)


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Prepared, Path]:
    """A program with two groups of steps, its prepared data, and the folder of both."""
    base = tmp_path_factory.mktemp("searched")
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "searched.sess").write_text(SPEC)
    write_visits(base / "train.parquet", seed=1, sessions=600)
    write_visits(base / "valid.parquet", seed=2, sessions=100)
    checked = compile_spec(base / "searched.sess")
    program = checked.program
    assert program is not None, checked.diagnostics
    return program, prepare(program.workflow, base, base / "prepared", Silent()), base
