"""Baselines fitted on the training split: which of them can rank for a head, and their first codes for a split."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import Chosen
from sess.compiler.failures import Misused
from sess.compiler.plans import HeadPlan, Program
from sess.compiler.types import Level
from sess.runtime.evaluate.baselines.last_item_knn import LastItemKnnScores
from sess.runtime.evaluate.baselines.popular import PopularScores
from sess.runtime.evaluate.examples import Examples
from sess.runtime.evaluate.ranking import Popularity
from sess.runtime.evaluate.scorer import batch_size, excludes_items
from sess.runtime.layers.select import select
from sess.runtime.prepare.prepared import Sessions


class Fitted(Protocol):
    """A baseline that has seen the training split."""

    def scores(self, last: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return (B, N) scores for the codes of the last input items."""


def popularity_of(train: Sessions, head: HeadPlan, *, reserved: int, size: int) -> Popularity:
    """Return how often training met every value of a head's target."""
    count = len(train.offsets) - 1
    if head.target_level is Level.SESSION:
        codes, sessions = train.session[head.target], np.arange(count)
    else:
        codes, sessions = train.steps[head.target], _session_of_step(train)
    items, sessions = _known(codes, sessions, reserved)
    clicks = np.bincount(items, minlength=size)
    pairs = np.unique(sessions * size + items) if items.size else items
    return Popularity(reserved, clicks, np.bincount(pairs % size, minlength=size), count)


def fit(program: Program, baseline: Chosen, train: Sessions, head: HeadPlan, popularity: Popularity) -> Fitted | None:
    """Return a fitted baseline; None if it can't rank for this head."""
    match baseline.name:
        case "popular":
            return PopularScores(popularity)
        case "last_item_knn":
            item = program.workflow.data.item
            column = next(column for column in program.workflow.columns if column.name == item)
            if column.domain != head.target_domain or item not in train.steps:
                return None
            items, sessions = _known(train.steps[item], _session_of_step(train), popularity.reserved)
            return LastItemKnnScores(popularity, sessions, items)
        case other:
            raise Misused(f"this version has no baseline `{other}`", "use popular or last_item_knn")


def best_codes(
    program: Program, head: HeadPlan, fitted: Fitted, popularity: Popularity, examples: Examples, cutoff: int
) -> NDArray[np.int32]:
    """Return a baseline's first codes (n, k) for all examples, by the same selection as the model's."""
    item = program.workflow.data.item
    has_item = item in examples.sessions.steps
    last = examples.last_codes(item) if has_item else np.zeros(examples.count, np.int32)
    size = batch_size(len(popularity.clicks))
    found: list[NDArray[np.int32]] = []
    for start in range(0, examples.count, size):
        places = np.arange(start, min(start + size, examples.count))
        nothing = np.zeros((len(places), 1), np.int32)
        seen = examples.seen(item, places) if has_item and excludes_items(program, head) else nothing
        codes, _ = select(fitted.scores(last[places]), popularity.reserved, cutoff, seen, nothing)
        found.append(codes.numpy())
    return np.concatenate(found) if found else np.zeros((0, cutoff), np.int32)


def _session_of_step(sessions: Sessions) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(sessions.offsets) - 1), np.diff(sessions.offsets))


def _known(
    codes: NDArray[np.generic], sessions: NDArray[np.int64], reserved: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return code - reserved and session of the events with a code that stands for one value."""
    is_known = codes.astype(np.int64) >= reserved
    return codes[is_known].astype(np.int64) - reserved, sessions[is_known]
