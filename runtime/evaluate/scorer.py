"""The trained model asked by its serving graph, batch by batch: the best codes of ranking heads, a score of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.plans import HeadPlan, Program, Role
from sess.runtime.evaluate.examples import Examples
from sess.runtime.layers.scan import scan
from sess.runtime.layers.select import select
from sess.runtime.layers.table import CategoricalHead
from sess.runtime.model import SessionModel
from sess.runtime.progress import Progress
from sess.runtime.train.windows import MASK, Array, Ints, dense
from sess.runtime.vocabulary import Vocabulary

# A batch's scores hold at most so many numbers: 64 MiB.
SCORES_AT_ONCE = 1 << 24
LARGEST_BATCH = 512
# A ranking of more places than this is selected among all scores at once.
MOST_PLACES = 1024
NOTHING = np.zeros((1, 1), np.int32)

Answers = dict[str, NDArray[np.generic]]


class Scorer:
    """Ask a model for the first `cutoff` codes (n, cutoff) of every ranking head, and the score (n,) of the others."""

    def __init__(
        self, program: Program, model: SessionModel, vocabularies: Mapping[str, Vocabulary], cutoff: int | None
    ) -> None:
        self._program, self._vocabularies = program, vocabularies
        ranked = [vocabularies[head.target_domain or ""] for head in program.model.heads if head.is_ranking]
        self._largest = max((v.size - v.reserved for v in ranked), default=1)
        self._cutoff = self._largest if cutoff is None else cutoff
        self._excludes = "seen" in program.evaluate.exclude
        columns = {column.name: column for column in program.workflow.inputs}
        inputs = [columns[name] for name in program.model.inputs]
        self._steps = tuple(column.name for column in inputs if column.role is not Role.SESSION)
        self._session = tuple(column.name for column in inputs if column.role is Role.SESSION)
        self._model = model
        self._function: Any = None  # a tf.function, made with the first batch

    def answer(self, examples: Examples, progress: Progress, label: str) -> Answers:
        """Return what the model answers to the examples, in their order."""
        order = examples.by_length()
        scanned = all(self._scans(head) for head in self._program.model.heads if head.is_ranking)
        size = LARGEST_BATCH if scanned else batch_size(self._largest)
        found: dict[str, list[Array]] = {head.name: [] for head in self._program.model.heads}
        with progress.track(label, examples.count) as task:
            for start in range(0, examples.count, size):
                places = order[start : start + size]
                for name, values in self._ask(examples, places).items():
                    found[name].append(values.numpy())
                task.advance(len(places))
        return {name: _in_place(parts, order) for name, parts in found.items()}

    def _ask(self, examples: Examples, places: Ints) -> dict[str, Any]:
        batch = dense(examples.sessions, examples.windows.take(places), self._steps, self._session)
        item = self._program.workflow.data.item
        seen = examples.seen(item, places) if self._excludes else np.zeros((len(places), 1), np.int32)
        if self._function is None:
            specs = {name: tf.TensorSpec([None] * v.ndim, tf.as_dtype(v.dtype)) for name, v in batch.items()}
            signature = [specs, tf.TensorSpec([None, None], tf.int32)]
            self._function = tf.function(self._score, input_signature=signature)
        answers: dict[str, Any] = self._function(batch, seen)
        return answers

    def _score(self, batch: Any, seen: Any) -> dict[str, Any]:
        states = self._model.states(batch)
        rows = tf.shape(batch[MASK])[0]
        nothing = tf.zeros([rows, 1], tf.int32)  # (B, 1)
        answers: dict[str, Any] = {}
        for head in self._program.model.heads:
            state, scorer = states[f"head:{head.name}"], self._model.scorer(head.name)
            if not head.is_ranking:
                answers[head.name] = scorer(state)  # (B,)
                continue
            excluded = seen if excludes_items(self._program, head) else nothing
            if self._scans(head):
                answers[head.name], _ = scan(scorer, state, self._cutoff, excluded, SCORES_AT_ONCE // LARGEST_BATCH)
            else:
                reserved = self._vocabularies[head.target_domain or ""].reserved
                answers[head.name], _ = select(scorer(state), reserved, self._cutoff, excluded, nothing)  # (B, k)
        return answers

    def _scans(self, head: HeadPlan) -> bool:
        """Whether a head's items are scanned in parts: it compares vectors, and few places are looked at."""
        scorer = self._model.scorer(head.name)
        return isinstance(scorer, CategoricalHead) and self._cutoff <= min(scorer.count, MOST_PLACES)


def excludes_items(program: Program, head: HeadPlan) -> bool:
    """Whether the seen items are left out of a head's ranking: of heads that rank items."""
    item_domain = next((domain.name for domain in program.workflow.domains if domain.is_item), None)
    return "seen" in program.evaluate.exclude and head.target_domain == item_domain


def batch_size(items: int) -> int:
    """Return how many sessions are scored at once over so many items."""
    return max(1, min(LARGEST_BATCH, SCORES_AT_ONCE // max(1, items)))


def _in_place(parts: list[Array], order: Ints) -> Array:
    """Join batches and bring their rows back to the examples' order."""
    if not parts:
        return np.zeros((0, 1), np.int32)
    joined = np.concatenate(parts)
    result = np.empty_like(joined)
    result[order] = joined
    return result
