"""The trained model's own answers: the Keras model of the plan with the weights as plain arrays, eagerly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from sess.compiler.plans import Program
from sess.runtime.layers.select import select
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import WORKFLOW
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.request import Asked
from sess.runtime.towers import stored_items
from sess.runtime.train.windows import MASK
from sess.runtime.verify.compare import Answers
from sess.runtime.vocabulary import VocabularySize

WEIGHTS = Path("model") / "weights.npz"


def answer_by_weights(program: Program, artifact: Path, asked: Asked, answerer: Answerer) -> Answers:
    """Return every output for a prepared request; ids by the answerer's vocabularies."""
    workflow = json.loads((artifact / WORKFLOW).read_text(encoding="utf-8"))
    sizes = {name: VocabularySize(each["reserved"], each["size"]) for name, each in workflow["domains"].items()}
    with np.load(artifact / WEIGHTS, allow_pickle=False) as weights:
        items = stored_items(program.model.catalogue, weights)
    model = SessionModel(program.model, program.workflow.inputs, sizes, items=items)
    model.load_weights(artifact / WEIGHTS)
    batch = {name: tf.constant(values) for name, values in asked.columns.items()} | {MASK: tf.constant(asked.mask)}
    states = model.states(batch)
    exclude = tf.constant(excluded(asked))
    nothing = tf.zeros([len(asked.mask), 1], tf.int32)
    item_domain = next((domain.name for domain in program.workflow.domains if domain.is_item), None)
    raw: dict[str, Any] = {}
    for head in program.model.heads:
        scores = model.scores(head.name, states[f"head:{head.name}"])
        if not head.is_ranking:
            raw[f"{head.name}.score"] = scores.numpy()
            continue
        lists = exclude if head.target_domain == item_domain else nothing
        codes, best = select(scores, sizes[head.target_domain or ""].reserved, asked.k, lists, nothing)
        raw |= {f"{head.name}.codes": codes.numpy(), f"{head.name}.scores": best.numpy()}
    answers = answerer.decoded(raw, asked.k)
    for encoder in program.model.encoders:
        answers[f"{encoder.name}.vector"] = states[f"encoder:{encoder.name}"].numpy()
    return answers


def excluded(asked: Asked) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return the items of each session as rows of codes (B, S), 0 for nothing."""
    longest = max(1, int(asked.seen_counts.max(initial=0)))
    rows = np.zeros((len(asked.mask), longest), np.int32)
    rows[np.arange(longest) < asked.seen_counts[:, None]] = asked.seen
    return rows
