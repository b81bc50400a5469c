"""A baseline with what it keeps of training, and the baselines of a program fitted on the training split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Chosen, Kind
from sess.compiler.plans import HeadPlan
from sess.compiler.prediction import LoweredBaseline
from sess.compiler.registry import registry
from sess.compiler.types import Level
from sess.runtime.baselines.history import History, history_of
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.vocabulary import VocabularySize

Tensor = Any  # TensorFlow is untyped


class Fitted:
    """A lowered baseline over a vocabulary; its arrays are variables, so that a model saves them as it does weights."""

    def __init__(self, lowered: LoweredBaseline, items: VocabularySize) -> None:
        self._lowered, self._items = lowered, items
        self.arrays: dict[str, Any] = {}  # keras variables

    def fit(self, history: History) -> None:
        """Count the training sessions."""
        self.hold(self._lowered.fit(history))

    def hold(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take the arrays of a fit."""
        self.arrays = {
            name: keras.Variable(values, dtype=str(values.dtype), trainable=False, name=name)
            for name, values in sorted(arrays.items())
        }

    def scores(self, codes: Tensor) -> Tensor:
        """Return the scores of all real items (B, N) for sessions of codes (B, T), 0 where there is no step."""
        items = tf.where(codes >= self._items.reserved, codes - self._items.reserved, -1)
        scores: Tensor = self._lowered.scores({name: each.value for name, each in self.arrays.items()}, items)
        return tf.ensure_shape(scores, [None, self._items.total - self._items.reserved])


def training_history(train: Sessions, head: HeadPlan, items: VocabularySize) -> History:
    """Return the training split as a baseline of this head sees it; a session's value is a session of one step."""
    count = items.total - items.reserved
    if head.target_level is Level.STEP:
        return history_of(train, head.target, reserved=items.reserved, count=count)
    codes = train.session[head.target].astype(np.int64)
    known = codes[codes >= items.reserved] - items.reserved
    return History(count, np.arange(len(known) + 1), known, None)


def can_rank(baseline: Chosen, head: HeadPlan) -> bool:
    """Whether a baseline has an answer for a head: those that compare sessions need a value at every step."""
    entry: Any = registry().find(baseline.name, Kind.BASELINE)
    target = baseline.params.get("target")
    is_meant = not isinstance(target, dict) or target.get("names") == [head.target]
    return is_meant and (head.target_level is Level.STEP or entry.counts_only)
