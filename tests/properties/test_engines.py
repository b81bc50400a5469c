"""Every encoder has an ONNX form, and onnxruntime computes what TensorFlow does, whatever the lengths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sess.compiler.block import Encoder, Kind
from sess.compiler.registry import registry
from sess.runtime.export.states import write_states
from sess.runtime.steps.states import ONNX, load_states
from sess.runtime.train.windows import MASK
from sess.testing.laws import subjects_of
from sess.testing.sessions import STEPS, batch
from sess.testing.subject import Subject
from tests.properties.test_laws import calls

SUBJECTS: dict[str, Subject] = {
    call: subjects_of(call, entry.kind)[0]
    for entry in registry()
    if isinstance(entry, Encoder)
    for call in calls(entry)
} | {
    call: subjects_of(call, Kind.ENCODER)[0] for call in ("gru(units=12)", "lstm(units=24, layers=2)")
}  # no input's width


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_onnx_computes_what_tensorflow_does(name: str, tmp_path: Path) -> None:
    model, program = SUBJECTS[name].model, SUBJECTS[name].program
    facts, why = write_states(model, program, tmp_path)
    assert (facts["engine"], why) == (ONNX, None)
    served = load_states(tmp_path, facts)
    for lengths in ([4, STEPS, 0, 1], [2], [STEPS, STEPS]):
        question = batch(lengths)
        given = {name: np.asarray(question[name]) for name in program.model.inputs} | {
            "mask": np.asarray(question[MASK])
        }
        found, expected = served(given), model.states(question)
        encoder = next(key for key in found if key.startswith("encoder:"))
        np.testing.assert_allclose(found[encoder], np.asarray(expected[encoder]), atol=1e-5)


@pytest.mark.parametrize(("call", "operation"), [("gru(units=16)", "GRU"), ("lstm(units=16)", "LSTM")])
def test_a_recurrent_layer_is_one_operation(call: str, operation: str, tmp_path: Path) -> None:
    import onnx

    write_states(SUBJECTS[call].model, SUBJECTS[call].program, tmp_path)
    operations = {node.op_type for node in onnx.load(tmp_path / "states.onnx", load_external_data=False).graph.node}
    assert operation in operations
    assert "Loop" not in operations
