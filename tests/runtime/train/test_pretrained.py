"""Tables begin with the user's vectors, and stay as they are where they are frozen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.driver import compile_spec
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from sess.runtime.train.run import WEIGHTS, train
from tests.runtime.train.conftest import ITEMS, SCHEMA, SPEC, write_cycle

IDS = np.arange(ITEMS) * 17 + 5_000_000_000
VECTORS = np.random.default_rng(8).normal(size=(ITEMS, 16)).astype(np.float32)

Build = Callable[[str], tuple[Program, Prepared]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a function from the arguments of `embedding` to a prepared program; two items have no vector."""
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    write_cycle(tmp_path / "train.parquet", seed=1, sessions=200)
    write_cycle(tmp_path / "valid.parquet", seed=2, sessions=40)
    order = np.random.default_rng(1).permutation(ITEMS)[: ITEMS - 2]
    np.save(tmp_path / "ids.npy", IDS[order])
    np.save(tmp_path / "vectors.npy", VECTORS[order])
    np.save(tmp_path / "fewer.npy", IDS[order][1:])
    np.save(tmp_path / "twice.npy", np.full(ITEMS - 2, IDS[0]))
    np.save(tmp_path / "others.npy", IDS[order] + 1)
    table = {"note": ["x"] * len(order), "item_id": IDS[order], "vector": pa.array(VECTORS[order].tolist())}
    pq.write_table(pa.table(table), tmp_path / "vectors.parquet")

    def run(arguments: str) -> tuple[Program, Prepared]:
        text = SPEC.replace("embedding(item, dim=16)", f"embedding(item, init=0.02, {arguments})")
        text = text.replace("epochs    = 6", "epochs    = 2")
        (tmp_path / "cycle.sess").write_text(text)
        checked = compile_spec(tmp_path / "cycle.sess")
        assert checked.program is not None, [each.message for each in checked.diagnostics]
        return checked.program, prepare(checked.program.workflow, tmp_path, tmp_path / "prepared", Silent())

    return run


def given(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors that were given, by code, and which codes have one."""
    vocabulary = prepared.vocabularies["item_id"]
    found = np.full((vocabulary.size, 16), np.nan, np.float32)
    found[vocabulary.reserved :] = VECTORS[(np.asarray(vocabulary.values) - 5_000_000_000) // 17]
    return found, ~np.isnan(prepared.pretrained["items"][:, 0])


@pytest.mark.parametrize("files", ['pretrained="vectors.npy", ids="ids.npy"', 'pretrained="vectors.parquet"'])
def test_a_frozen_table_keeps_the_vectors_it_was_given(build: Build, tmp_path: Path, files: str) -> None:
    program, prepared = build(f"dim=16, trainable=false, {files}")
    prepared = Prepared.load(tmp_path / "prepared")
    assert prepared.facts["pretrained"] == {"items": 2}
    train(program, prepared, tmp_path / "trained", Silent())
    with np.load(tmp_path / "trained" / WEIGHTS) as weights:
        vectors = weights["items.table_1/vectors"]
    expected, is_given = given(prepared)
    assert is_given.sum() == ITEMS - 2
    np.testing.assert_array_equal(vectors[is_given], expected[is_given])
    assert np.isfinite(vectors).all()
    assert 0 < np.abs(vectors[3:][~is_given[3:]]).max() < 0.05  # by `init`
    assert not vectors[:3].any()


def test_a_trainable_table_begins_with_the_vectors_and_moves(build: Build, tmp_path: Path) -> None:
    program, prepared = build('dim=16, pretrained="vectors.parquet"')
    train(program, prepared, tmp_path / "trained", Silent())
    with np.load(tmp_path / "trained" / WEIGHTS) as weights:
        vectors = weights["items.table_1/vectors"]
    expected, is_given = given(prepared)
    moved = np.abs(vectors - expected)[is_given]
    assert 1e-4 < moved.max() < 1.0


def test_a_frozen_table_without_vectors_keeps_those_it_drew(build: Build, tmp_path: Path) -> None:
    program, prepared = build("dim=16, trainable=false")
    train(program, prepared, tmp_path / "one", Silent())
    with np.load(tmp_path / "one" / WEIGHTS) as weights:
        vectors = weights["items.table_1/vectors"]
    assert np.abs(vectors).max() < 0.05
    program, prepared = build("dim=16")
    train(program, prepared, tmp_path / "two", Silent())
    with np.load(tmp_path / "two" / WEIGHTS) as weights:
        assert np.abs(weights["items.table_1/vectors"]).max() > 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('dim=8, pretrained="vectors.npy", ids="ids.npy"', "16 wide, the table `items` is 8"),
        ('dim=8, pretrained="vectors.parquet"', "has 16 numbers, the table `items` is 8 wide"),
        ('dim=16, pretrained="vectors.npy", ids="fewer.npy"', "9 ids, and `vectors.npy` has 10 vectors"),
        ('dim=16, pretrained="vectors.npy", ids="twice.npy"', "5000000000 more than once"),
        ('dim=16, pretrained="vectors.npy", ids="others.npy"', "no id of `others.npy` is in the domain `item_id`"),
        ('dim=16, pretrained="train.parquet"', "has the columns `session_id`, `time`, `item_id`"),
        ('dim=16, pretrained="nothing.npy", ids="ids.npy"', "no file matches `nothing.npy`"),
    ],
)
def test_what_is_wrong_with_the_vectors_is_said(build: Build, arguments: str, message: str) -> None:
    with pytest.raises(RunFailed, match=message):
        build(arguments)
