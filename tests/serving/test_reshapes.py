"""A graph of ONNX keeps a reshape whose result another one copies a size from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from sess.compiler.driver import compile_spec
from sess.runtime.export.states import write_states
from sess.runtime.model import SessionModel
from sess.runtime.steps.states import ONNX, load_states
from sess.runtime.train.windows import MASK
from sess.runtime.vocabulary import VocabularySize

SPEC = """
spec one_head
schema "schema.pbtxt"
table   items = embedding(item_id, dim=8)
encoder query = features(item_id) >> {encoder}
head    click = query >> categorical(item_id, tied=items)
data {{ train = "t.parquet" rows = events(session=session_id, time=time) keep = last(6) }}
train {{ objective = {objective} }}
"""
SCHEMA = """
feature { name: "session_id" type: INT annotation { tag: "session" } }
feature { name: "time" type: INT annotation { tag: "time" } }
feature { name: "item_id" type: INT annotation { tag: "item_id" tag: "sequence" tag: "categorical" } }
"""


@pytest.mark.parametrize(
    ("encoder", "objective"),
    [("xlnet(heads=1)", "permuted"), ("xlnet(heads=1)", "masked"), ("transformer_xl(heads=1)", "next")],
)
def test_one_head_is_served_as_it_was_trained(encoder: str, objective: str, tmp_path: Path) -> None:
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "one.sess").write_text(SPEC.format(encoder=encoder, objective=objective))
    program = compile_spec(tmp_path / "one.sess").program
    assert program is not None
    model = SessionModel(program.model, program.workflow.columns, {"item_id": VocabularySize(3, 20)})
    facts, _ = write_states(model, program, tmp_path)
    assert facts["engine"] == ONNX
    mask = np.arange(5) < np.array([[1], [5], [3], [4]])
    items = (np.random.default_rng(0).integers(3, 20, mask.shape) * mask).astype(np.int32)
    wanted = model.states({"item_id": tf.constant(items), MASK: tf.constant(mask)})
    for name, state in load_states(tmp_path, facts)({"item_id": items, "mask": mask}).items():
        np.testing.assert_allclose(state, np.asarray(wanted[name]), atol=1e-5, err_msg=name)
