"""Every encoder has an ONNX form, and onnxruntime computes what TensorFlow does, whatever the lengths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sess.compiler.block import Encoder
from sess.compiler.plans import Program
from sess.compiler.registry import registry
from sess.runtime.export.states import write_states
from sess.runtime.model import MASK
from sess.runtime.steps.states import ONNX, load_states
from tests.properties import test_laws as laws

program = laws.program
ENCODERS = [entry.name for entry in registry() if isinstance(entry, Encoder)]
NAMES = [name for name, case in laws.PIPELINES.items() if name.split()[0] in ENCODERS and case.loss == "softmax"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_onnx_computes_what_tensorflow_does(name: str, program: Callable[[str], Program], tmp_path: Path) -> None:
    plan = program(name)
    model = laws.build(plan)
    facts, why = write_states(model, plan, tmp_path)
    assert (facts["engine"], why) == (ONNX, None)
    served = load_states(tmp_path, facts)
    for lengths in ([4, laws.STEPS, 0, 1], [2], [laws.STEPS, laws.STEPS]):
        question = laws.batch(lengths)
        given = {key: np.asarray(value) for key, value in question.items() if key in (MASK, *plan.model.inputs)}
        found, expected = served(given), model.states(question)
        encoder = next(key for key in found if key.startswith("encoder:"))
        np.testing.assert_allclose(found[encoder], np.asarray(expected[encoder]), atol=1e-5)
