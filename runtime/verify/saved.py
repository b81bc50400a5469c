"""The SavedModel's own answers: `serving_default` and the encoders' signatures, asked as any host would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from sess.compiler.plans import Program
from sess.runtime.export.saved_model import HEADS, VECTOR, arguments
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.request import Asked
from sess.runtime.verify.compare import Answers
from sess.runtime.verify.trained import excluded


def answer_by_saved_model(program: Program, artifact: Path, asked: Asked, answerer: Answerer) -> Answers:
    """Return every output for a prepared request; ids by the answerer's vocabularies."""
    loaded = tf.saved_model.load(str(artifact / "model"))
    feeds = {argument: tf.constant(asked.columns[name]) for name, argument in arguments(program.model).items()}
    feeds["mask"] = tf.constant(asked.mask)
    own = {
        "k": tf.constant(asked.k, tf.int32),
        "exclude": tf.constant(excluded(asked)),
        "allow": tf.zeros([len(asked.mask), 1], tf.int32),
    }
    raw = {name: value.numpy() for name, value in loaded.signatures[HEADS](**feeds, **own).items()}
    answers: dict[str, np.ndarray[Any, Any]] = answerer.decoded(raw, asked.k)
    for encoder in program.model.encoders:
        answers[f"{encoder.name}.vector"] = loaded.signatures[encoder.name](**feeds)[VECTOR].numpy()
    return answers
