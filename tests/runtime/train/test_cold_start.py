"""An item that training never saw is ranked by what the catalogue says of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

import sess
from sess.compiler.driver import compile_spec
from sess.compiler.plans import Program
from sess.runtime.evaluate.run import evaluate
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from sess.runtime.towers import stored_items
from sess.runtime.train.run import WEIGHTS, train
from sess.runtime.train.windows import MASK
from sess.runtime.vocabulary import VocabularySize
from tests.runtime.train.conftest import SCHEMA

ITEMS = """
feature { name: "item_id" type: INT annotation { tag: "item" tag: "id" } }
feature { name: "genres" type: BYTES value_count { min: 0 max: 9 } annotation { tag: "categorical" } }
feature { name: "vector" type: FLOAT value_count { min: 2 max: 2 } annotation { tag: "embedding" } }
feature { name: "price" type: FLOAT annotation { tag: "continuous" } }
feature { name: "maker" type: BYTES annotation { tag: "categorical" } }
feature { name: "title" type: BYTES annotation { tag: "text" } }
"""
SPEC = """
spec cold
schema "schema.pbtxt"
schema "items.pbtxt" for catalogue
columns side = all(of=catalogue) - column("item_id", of=catalogue)
table   items = embedding(item_id, dim=8, init=0.02)
let     tower = concat(items, features(side)) >> mlp([24, 16], activation=tanh)
encoder query = at(tower, item_id) >> gru(units=16)
head    click = query >> categorical(item_id, tied=tower)
data {
  train     = "train.parquet"
  valid     = "valid.parquet"
  catalogue = "items.parquet"
  rows      = events(session=session_id, time=time)
}
train { objective = next optimizer = adam(lr=0.02) batch = 32 epochs = 6 }
evaluate { metrics = [recall@10] }
"""
GENRES, EACH, COLD = 5, 8, 2  # each genre has so many items, of which so many are never clicked


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Prepared, Path]:
    """Return a program whose sessions go from genre to genre, its prepared data, and the trained weights."""
    base = tmp_path_factory.mktemp("cold")
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "items.pbtxt").write_text(ITEMS)
    (base / "cold.sess").write_text(SPEC)
    draw = np.random.default_rng(5)
    for name, sessions in (("train", 400), ("valid", 50)):
        starts = draw.integers(0, GENRES, (sessions, 1))
        genre = (starts + np.arange(6)) % GENRES
        items = genre * EACH + draw.integers(0, EACH - COLD, genre.shape)
        session = np.repeat(np.arange(sessions) + 1000 * (name == "valid"), 6)
        table = {"session_id": session, "time": np.tile(np.arange(6), sessions), "item_id": items.ravel() + 100}
        pq.write_table(pa.table(table), base / f"{name}.parquet")
    genre = np.arange(GENRES * EACH) // EACH
    rows = {
        "item_id": np.arange(GENRES * EACH) + 100,
        "genres": [[f"g{each}", "all"] if each % 2 else ["all", f"g{each}"] for each in genre],
        "vector": pa.array([[float(np.sin(each)), float(np.cos(each))] for each in genre], pa.list_(pa.float32())),
        "price": pa.array([None if each == 0 else float(each) for each in genre], pa.float32()),
        "maker": [None if each == 1 else f"m{each}" for each in genre],
        "title": [f"title {each}" for each in range(GENRES * EACH)],
    }
    pq.write_table(pa.table(rows), base / "items.parquet")
    checked = compile_spec(base / "cold.sess")
    program = checked.program
    assert program is not None, [each.message for each in checked.diagnostics]
    prepare(program.workflow, base, base / "prepared", Silent())
    prepared = Prepared.load(base / "prepared")
    train(program, prepared, base / "trained", Silent())
    return program, prepared, base / "trained" / WEIGHTS


def test_the_catalogue_stands_by_the_codes_of_its_items(trained: tuple[Program, Prepared, Path]) -> None:
    _, prepared, _ = trained
    vocabulary, genres = prepared.vocabularies["item_id"], prepared.vocabularies["genres"]
    assert sorted(np.asarray(vocabulary.values).tolist()) == list(range(100, 100 + GENRES * EACH))
    for code, item in enumerate(np.asarray(vocabulary.values).tolist(), vocabulary.reserved):
        genre = (item - 100) // EACH
        names = [genres.values[each - genres.reserved] for each in prepared.items["genres"][code]]
        assert sorted(names) == sorted(["all", f"g{genre}"])
        np.testing.assert_allclose(prepared.items["vector"][code], [np.sin(genre), np.cos(genre)], rtol=1e-6)
    assert prepared.items["maker"].min() == 0 and (prepared.items["maker"] == 1).sum() == EACH  # nulls
    assert not prepared.items["price"][: vocabulary.reserved].any()
    known = prepared.items["price"][vocabulary.reserved :]
    assert abs(known.mean()) < 1e-6 and np.isfinite(known).all()
    assert prepared.facts["items_without_row"] == 0


def test_an_item_nobody_clicked_is_ranked_by_its_features(trained: tuple[Program, Prepared, Path]) -> None:
    program, prepared, weights = trained
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    model = SessionModel(program.model, program.workflow.columns, sizes, items=prepared.items)
    model.load_weights(weights)
    vocabulary = prepared.vocabularies["item_id"]
    ids = np.asarray(vocabulary.values)
    genre = (ids - 100) // EACH
    is_cold = vocabulary.counts == 0
    assert is_cold.sum() == GENRES * COLD
    for last in range(GENRES):
        code = vocabulary.reserved + int(np.flatnonzero((genre == last) & ~is_cold)[0])
        question = {"item_id": tf.constant([[code]], tf.int32), MASK: tf.constant([[True]])}
        scores = np.asarray(model.scores("click", model.states(question)["head:click"]))[0]
        best = np.argsort(-scores)[:EACH]
        assert (genre[best] == (last + 1) % GENRES).all()
        assert is_cold[best].sum() == COLD


def test_the_weights_hold_the_catalogue_and_do_not_count_it(trained: tuple[Program, Prepared, Path]) -> None:
    program, prepared, weights = trained
    with np.load(weights) as stored:
        items = stored_items(program.model.catalogue, stored)
    for name, values in prepared.items.items():
        np.testing.assert_array_equal(items[name], values)
    found = evaluate(program, prepared, weights, Silent())
    valid = found["valid"]
    assert isinstance(valid, dict) and isinstance(valid["click"], dict)
    figure = valid["click"]["recall@10"]
    assert isinstance(figure, dict) and float(str(figure["value"])) == 1.0


@pytest.mark.slow
def test_a_served_session_gets_and_may_hold_items_nobody_clicked(trained: tuple[Program, Prepared, Path]) -> None:
    base = trained[2].parents[1]
    command = [Path(sys.executable).with_name("sess"), "compile", "cold.sess", "-o", "build", "--until", "export"]
    done = subprocess.run(command, cwd=base, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    served = sess.load(base / "build")
    for genre in range(GENRES):
        (found,) = served.recommend([[100 + genre * EACH]], k=EACH)
        first = 100 + (genre + 1) % GENRES * EACH
        assert sorted(each.id for each in found) == list(range(first, first + EACH))  # the cold ones among them
    cold = [100 + genre * EACH + EACH - 1 - place for genre in range(GENRES) for place in range(COLD)]
    best = [(found[0].id - 100) // EACH for found in served.recommend([[each] for each in cold], k=1)]
    right = [genre == ((each - 100) // EACH + 1) % GENRES for genre, each in zip(best, cold, strict=True)]
    assert sum(right) >= 8, "an item that nobody clicked says what its features say"
