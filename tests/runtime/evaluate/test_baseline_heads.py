"""A baseline is a head as any other: trained beside one that learns or alone, saved, and evaluated by what serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sess.compiler.driver import compile_spec
from sess.compiler.plans import Program
from sess.runtime.evaluate.run import evaluate
from sess.runtime.export.states import write_states
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from sess.runtime.steps.states import ONNX, load_states
from sess.runtime.train.run import WEIGHTS, train
from sess.runtime.vocabulary import VocabularySize
from tests.runtime.train.conftest import SCHEMA, write_cycle

SPEC = """
spec counted

schema "schema.pbtxt"

columns item = tag(ITEM_ID)
{learning}
head near = vsknn(item, k=20)
head last = last_item_knn(item)
head top  = popular(item)

data {{
  train = "train.parquet"
  valid = "valid.parquet"
  rows  = events(session=session_id, time=time)
}}
train {{ epochs = 1 {objective} }}
evaluate {{
  metrics   = [recall@1, ndcg@5]
  baselines = [vsknn(k=20), last_item_knn, popular, stan]
}}
"""
LEARNING = """\
let steps = concat(features(item), time_gap(buckets=8)) >> project(16)
encoder query = steps >> sasrec(layers=1, heads=1)
head click = query >> categorical(item)
"""

Made = tuple[Program, Prepared, Path]


@pytest.fixture(scope="module", params=["alone", "beside one that learns"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    base = tmp_path_factory.mktemp("counted")
    (base / "schema.pbtxt").write_text(SCHEMA)
    is_alone = request.param == "alone"
    text = SPEC.format(learning="" if is_alone else LEARNING, objective="" if is_alone else "objective = next")
    (base / "counted.sess").write_text(text)
    write_cycle(base / "train.parquet", seed=1, sessions=200)
    write_cycle(base / "valid.parquet", seed=2, sessions=40)
    program = compile_spec(base / "counted.sess").program
    assert program is not None
    prepared = prepare(program.workflow, base, base / "prepared", Silent())
    train(program, prepared, base / "trained", Silent())
    return program, prepared, base / "trained" / WEIGHTS


def test_a_head_has_the_figures_of_its_row_beside_the_evaluation(made: Made) -> None:
    program, prepared, weights = made
    valid: Any = evaluate(program, prepared, weights, Silent())["valid"]
    pairs = {"near": "near/vsknn", "last": "near/last_item_knn", "top": "near/popular"}
    if "near/vsknn" not in valid:
        pairs = {"near": "click/vsknn", "last": "click/last_item_knn", "top": "click/popular"}
    for head, row in pairs.items():
        assert valid[head] == valid[row]
    assert valid["last"]["ndcg@5"]["value"] > valid["top"]["ndcg@5"]["value"]


def test_what_was_counted_survives_its_file(made: Made) -> None:
    program, prepared, weights = made
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    one, two = (SessionModel(program.model, program.workflow.columns, sizes) for _ in range(2))
    one.load_weights(weights)
    two.fit_baselines(prepared.train)
    for head in one.baselines:
        found, expected = one.baselines[head].arrays, two.baselines[head].arrays
        assert found.keys() == expected.keys()
        for name, values in found.items():
            assert values.dtype == expected[name].dtype
            np.testing.assert_array_equal(np.asarray(values), np.asarray(expected[name]))


@pytest.mark.parametrize("code", [0, 2], ids=["empty", "unseen"])
def test_what_is_served_answers_a_session_of_no_known_item_alone(made: Made, tmp_path: Path, code: int) -> None:
    program, prepared, weights = made
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    model = SessionModel(program.model, program.workflow.columns, sizes)
    model.load_weights(weights)
    facts, _ = write_states(model, program, tmp_path)
    column = program.workflow.data.item
    feeds = {column: np.array([[code]], np.int32), "time": np.zeros((1, 1)), "mask": np.array([[code > 0]])}
    found = load_states(tmp_path, facts)({name: feeds[name] for name in facts["inputs"]})
    assert facts["engine"] == ONNX
    popular = np.argmax(found["head:top"])
    for head in ("near", "last"):  # what nobody is near to ranks by clicks, below 0
        assert (found[f"head:{head}"] < 0).all() and np.argmax(found[f"head:{head}"]) == popular
