"""What each epoch gave, which was the best, and whether another is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from sess.compiler.plans import MetricPlan, TrainPlan

# Metrics of which less is better.
FALLING = frozenset({"logloss", "rmse", "popularity_bias"})


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch, counted from 1; `watched` is the stopping metric on the valid split, None if nothing is watched."""

    number: int
    loss: float
    losses: Mapping[str, float]
    watched: float | None


@dataclass(frozen=True, slots=True)
class Watch:
    """The metric that decides: on which head, and after how many epochs without a better one training ends."""

    metric: MetricPlan
    patience: int
    head: str | None

    def is_better(self, epoch: Epoch, than: Epoch) -> bool:
        """Whether an epoch beats another; one without a number is beaten by any."""
        if epoch.watched is None or isnan(epoch.watched):
            return False
        if than.watched is None or isnan(than.watched):
            return True
        return epoch.watched < than.watched if self.metric.name in FALLING else epoch.watched > than.watched


def watch_of(plan: TrainPlan) -> Watch | None:
    """Return what the plan's `early(…)` watches; None if training just runs its epochs."""
    if plan.stop is None:
        return None
    params = plan.stop.params
    name, _, cutoff = str(params["metric"]).partition("@")
    patience, head = params["patience"], params.get("head")
    assert isinstance(patience, int)
    return Watch(MetricPlan(name, int(cutoff) if cutoff else None), patience, None if head is None else str(head))


def best_epoch(epochs: tuple[Epoch, ...], watch: Watch | None) -> Epoch:
    """Return the epoch whose weights are kept: the best watched, the first of equals; the last if none is."""
    best = epochs[0]
    for epoch in epochs[1:]:
        if watch is None or watch.is_better(epoch, than=best):
            best = epoch
    return best


def is_over(epochs: tuple[Epoch, ...], watch: Watch | None, planned: int) -> bool:
    """Whether all planned epochs have run, or the last `patience` of them brought nothing better."""
    if len(epochs) >= planned:
        return True
    return bool(epochs) and watch is not None and epochs[-1].number - best_epoch(epochs, watch).number >= watch.patience
