"""A head that is tied to a tower is trained by its drawn items alone, and serves them all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from sess.compiler.driver import compile_spec
from sess.testing.sessions import ITEMS, batch
from sess.testing.subject import build

SPEC = """\
spec towers
schema "shop.pbtxt"
columns item  = tag(ITEM_ID)
table   items = embedding(item, dim=16)
let     tower = items >> mlp([24])
encoder query = features(item) >> sasrec >> project(24)
head    click = query >> categorical(item, tied=tower, loss={loss})
data {{
  train = "train.parquet"
  rows  = events(session=session_id, time=timestamp)
}}
train {{ objective = next }}
"""
LOSSES = ["softmax", "sampled_softmax(n=0, sampler=in_batch)", "sampled_softmax(n=8, sampler=mixed)", "gbce(n=4)"]


@pytest.mark.parametrize("loss", LOSSES)
def test_both_towers_learn(loss: str, tmp_path: Path, root: Path) -> None:
    (tmp_path / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    (tmp_path / "towers.sess").write_text(SPEC.format(loss=loss))
    program = compile_spec(tmp_path / "towers.sess").program
    assert program is not None
    model = build(program)
    with tf.GradientTape() as tape:
        total, _ = model.loss(batch([3, 7, 5, 9] * 4))
    gradients = tape.gradient(total, model.trainable_weights)
    assert all(gradient is not None for gradient in gradients)
    moved = {
        weight.path.partition(".")[0]
        for weight, gradient in zip(model.trainable_weights, gradients, strict=True)
        if np.abs(np.asarray(tf.convert_to_tensor(gradient))).max() > 0
    }
    assert {"tower", "query", "items"} <= moved
    assert model.scores("click", model.states(batch([2, 4]))["head:click"]).shape == (2, ITEMS)
