"""Baselines fitted on the training split, asked by the same selection as the model: their first codes for a split."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Chosen, Kind
from sess.compiler.plans import HeadPlan, Program
from sess.runtime.baselines.fitted import Fitted, can_rank, training_history
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.evaluate.examples import Examples
from sess.runtime.evaluate.ranking import Popularity
from sess.runtime.evaluate.scorer import batch_size, excludes_items
from sess.runtime.layers.select import select
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.train.windows import MASK, dense
from sess.runtime.vocabulary import VocabularySize


def fit_baseline(program: Program, baseline: Chosen, prepared: Prepared, head: HeadPlan) -> Fitted | None:
    """Return a fitted baseline; None if it can't rank for this head."""
    if not can_rank(baseline, head):
        return None
    vocabulary = prepared.vocabularies[head.target_domain or ""]
    items = VocabularySize(vocabulary.reserved, vocabulary.size)
    nothing = Surroundings(Layers(), {}, {}, {}, {}, None, None, 0, program.train.seed)
    fitted = Fitted(lower(baseline, Kind.BASELINE, Border(nothing, baseline.name, {})), items)
    fitted.fit(training_history(prepared.train, head, items))
    return fitted


def best_codes(
    program: Program, head: HeadPlan, fitted: Fitted, popularity: Popularity, examples: Examples, cutoff: int
) -> NDArray[np.int32]:
    """Return a baseline's first codes (n, k) for all examples, in their order."""
    item = program.workflow.data.item
    size = batch_size(len(popularity.clicks))
    columns = (head.target,) if head.target in examples.sessions.steps else ()

    def answer(codes: Any, seen: Any) -> Any:
        nothing = tf.zeros([tf.shape(codes)[0], 1], tf.int32)
        return select(fitted.scores(codes), popularity.reserved, cutoff, seen, nothing)[0]

    asked = tf.function(answer, input_signature=[tf.TensorSpec([None, None], tf.int32)] * 2)
    order = examples.by_length()
    found = np.zeros((examples.count, min(cutoff, len(popularity.clicks))), np.int32)
    for start in range(0, examples.count, size):
        places = order[start : start + size]
        batch = dense(examples.sessions, examples.windows.take(places), columns, ())
        codes = batch[head.target] if columns else np.zeros(batch[MASK].shape, np.int32)
        nothing = np.zeros((len(places), 1), np.int32)
        seen = examples.seen(item, places) if excludes_items(program, head) else nothing
        found[places] = asked(codes.astype(np.int32), seen).numpy()
    return found
