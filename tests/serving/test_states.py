"""Both engines of a model step compute what the trained model says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from sess.compiler.plans import Program
from sess.runtime.export.names import VERSION, model_name, prepare_name
from sess.runtime.export.states import write_catalogues, write_states
from sess.runtime.model import SessionModel
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.checks import BadRequest
from sess.runtime.steps.request import Reader
from sess.runtime.steps.states import ONNX, TENSORFLOW, load_states
from sess.runtime.train.windows import MASK
from sess.runtime.trust.onnx_ops import check_onnx
from sess.runtime.vocabulary import VocabularySize
from tests.serving.test_answers import row


@pytest.fixture
def model(program: Program, artifact: Path) -> SessionModel:
    """The trained model of the artifact."""
    workflow = json.loads((artifact / "workflow.json").read_text())
    sizes = {name: VocabularySize(each["reserved"], each["size"]) for name, each in workflow["domains"].items()}
    found = SessionModel(program.model, program.workflow.columns, sizes)
    found.load_weights(artifact / "model" / "weights.npz")
    return found


def feeds(rows: int = 5, steps: int = 7) -> dict[str, Any]:
    """Return prepared columns of sessions of 1 to 7 steps, by the names of the spec's columns."""
    draw = np.random.default_rng(0)
    mask = np.arange(steps) < draw.integers(1, steps + 1, (rows, 1))
    return {
        "item_id": (draw.integers(3, 40, (rows, steps)) * mask).astype(np.int32),
        "category": (draw.integers(3, 8, (rows, steps)) * mask).astype(np.int32),
        "price": (draw.normal(size=(rows, steps)) * mask).astype(np.float32),
        "age": draw.normal(size=rows).astype(np.float32),
        "country": draw.integers(3, 6, rows).astype(np.int32),
        MASK: mask,
    }


@pytest.mark.parametrize("engine", [ONNX, TENSORFLOW])
def test_an_engine_computes_the_states_of_the_model(
    engine: str, model: SessionModel, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == TENSORFLOW:
        monkeypatch.setattr("sess.runtime.export.states.MOST_BYTES", 0)  # as if the weights were too large for ONNX
    facts, why = write_states(model, program, tmp_path)
    assert (facts["engine"], why is None) == (engine, engine == ONNX)
    found = load_states(tmp_path, facts)({"mask" if name == MASK else name: values for name, values in feeds().items()})
    expected = model.states({name: tf.constant(values) for name, values in feeds().items()})
    for name, state in found.items():
        wanted = expected[name] if name != "head:buy" else model.scores("buy", expected[name])
        np.testing.assert_allclose(state, np.asarray(wanted), atol=1e-6)
    assert found.keys() == expected.keys()


def test_large_weights_stand_in_the_file_of_weights_and_give_the_same_states(
    model: SessionModel, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    monkeypatch.setattr("sess.runtime.export.onnx_weights.LARGE", 0)  # as if every weight were
    written = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        facts, why = write_states(model, program, tmp_path / name)
        assert (facts["engine"], why) == (ONNX, None)
        written.append({path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())})
    assert written[0] == written[1]
    check_onnx(tmp_path / "one" / "states.onnx")
    graph = onnx.load(tmp_path / "one" / "states.onnx", load_external_data=False).graph
    assert {each.name for each in graph.input} == set(facts["inputs"].values())  # type: ignore[union-attr]
    tables = {head: np.asarray(model.scorer(head).table.vectors).tobytes() for head in ("click", "kind")}
    assert tables["click"] in written[0]["states.weights"]
    assert tables["kind"] not in written[0]["states.weights"]  # the ranking has them
    given = {"mask" if name == MASK else name: values for name, values in feeds().items()}
    found = load_states(tmp_path / "one", facts)(given)
    for name, state in model.states({name: tf.constant(values) for name, values in feeds().items()}).items():
        wanted = state if name != "head:buy" else model.scores("buy", state)
        np.testing.assert_allclose(found[name], np.asarray(wanted), atol=1e-6)


def test_the_vectors_of_a_head_are_those_it_compares_with(
    model: SessionModel, program: Program, tmp_path: Path
) -> None:
    files = write_catalogues(model, program.model, tmp_path)
    assert files["buy"] == {"vectors": None, "bias": None}
    state = np.random.default_rng(0).normal(size=(2, 16)).astype(np.float32)
    for head in ("click", "kind"):
        vectors = np.load(tmp_path / str(files[head]["vectors"]))
        np.testing.assert_allclose(state @ vectors.T, np.asarray(model.scores(head, state)), atol=1e-6)


def test_a_number_that_overflows_gets_no_answer_and_its_neighbour_does(program: Program, artifact: Path) -> None:
    name = program.serving.name
    triton = artifact / "triton"
    reader = Reader.load(triton / prepare_name(name) / VERSION)
    answerer = Answerer(triton / model_name(name) / VERSION)
    good = reader.read(tensors_of([row(1, 2)], program.serving.request))
    bad = reader.read(tensors_of([row(1, 2)], program.serving.request))
    bad.columns["price"][:] = np.inf
    alone = answerer.answer_one(good)
    found = answerer.answer([bad, good], [answerer.outputs, answerer.outputs])
    assert isinstance(found[0], BadRequest)
    assert not isinstance(found[1], BadRequest)
    np.testing.assert_array_equal(found[1]["click.ids"], alone["click.ids"])


def test_equal_models_have_equal_graphs(model: SessionModel, program: Program, tmp_path: Path) -> None:
    written = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_states(model, program, tmp_path / name)
        written.append({path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())})
    assert written[0] == written[1]


def test_a_model_that_is_loaded_tells_nobody_and_writes_nothing(artifact: Path, tmp_path: Path) -> None:
    folder = artifact / "triton" / model_name("shop") / VERSION
    code = f"from sess.runtime.steps.answer import Answerer\nAnswerer({str(folder)!r})"
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []  # onnxruntime would write an id of the machine for its maker
