"""The rows of a model's heads: answers beside what really came, and the one figure that training watches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sess.compiler.failures import Misused
from sess.compiler.plans import HeadPlan, MetricPlan, Program
from sess.compiler.types import Level
from sess.runtime.evaluate.examples import Examples
from sess.runtime.evaluate.ranking import Popularity
from sess.runtime.evaluate.rows import RANKING, RankingRow, Row, ScalarRow, ranking_metrics, scalar_metrics
from sess.runtime.evaluate.scorer import Answers
from sess.runtime.prepare.prepared import Prepared, Sessions

SESSIONS_AT_ONCE = 1 << 16


def popularities(program: Program, prepared: Prepared) -> dict[str, Popularity]:
    """Return how often training met the values of each ranking head's target, by the head's name."""
    found: dict[str, Popularity] = {}
    for head in program.model.heads:
        if head.is_ranking and head.target_domain is not None:
            domain = prepared.vocabularies[head.target_domain]
            size = domain.size - domain.reserved
            found[head.name] = popularity_of(prepared.train, head, reserved=domain.reserved, size=size)
    return found


def popularity_of(train: Sessions, head: HeadPlan, *, reserved: int, size: int) -> Popularity:
    """Return how often training met every value of a head's target."""
    count = len(train.offsets) - 1
    of_session = head.target_level is Level.SESSION
    codes = train.session[head.target] if of_session else train.steps[head.target]
    offsets = np.arange(count + 1) if of_session else train.offsets
    clicks, holders = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for begin in range(0, count, SESSIONS_AT_ONCE):
        part = offsets[begin : begin + SESSIONS_AT_ONCE + 1]
        sessions = np.repeat(np.arange(len(part) - 1), np.diff(part))
        items = codes[part[0] : part[-1]].astype(np.int64) - reserved
        is_known = items >= 0  # what stands for one value
        items, sessions = items[is_known], sessions[is_known]
        clicks += np.bincount(items, minlength=size)
        holders += np.bincount(np.unique(sessions * size + items) % size, minlength=size)
    return Popularity(reserved, clicks, holders, count)


def row_of(
    head: HeadPlan,
    answers: Answers,
    examples: Examples,
    metrics: tuple[MetricPlan, ...],
    popularity: Mapping[str, Popularity],
) -> Row:
    """Return the row of a head."""
    targets, answer = examples.targets(head), answers[head.name]
    if head.is_ranking:
        return RankingRow(answer, targets, ranking_metrics(metrics), popularity[head.name])
    numbers = targets.astype(np.float64)
    return ScalarRow(answer.astype(np.float64), numbers, scalar_metrics(metrics, head.block.name))


def watched_head(program: Program, metric: MetricPlan, name: str | None) -> HeadPlan:
    """Return the head that early stopping watches: the named one, else the first that has the metric."""
    fits = metric.name in RANKING
    learning = [head for head in program.model.heads if not head.is_baseline]
    for head in learning:
        if head.name == name or (name is None and head.is_ranking == fits):
            return head
    wanted = f"`{name}`" if name else "that"
    raise Misused(
        f"no head {wanted} has the metric `{metric}` that `stop` watches", "choose a metric of one of the heads"
    )


def cutoff_of(metrics: tuple[MetricPlan, ...]) -> int | None:
    """Return how many places of a ranking the metrics look at; None for all."""
    cutoffs = [metric.cutoff for metric in ranking_metrics(metrics)]
    known = [cutoff for cutoff in cutoffs if cutoff is not None]
    return None if len(known) < len(cutoffs) else max(known, default=1)
