"""Early stopping: which epoch is kept, and when training ends."""

from __future__ import annotations

import pytest

from sess.compiler.block import Chosen
from sess.compiler.plans import MetricPlan, TrainPlan
from sess.runtime.train.history import Epoch, Watch, best_epoch, is_over, watch_of


def epochs(*watched: float | None) -> tuple[Epoch, ...]:
    return tuple(Epoch(i + 1, 1.0, {}, value) for i, value in enumerate(watched))


def watch(metric: str, patience: int = 2) -> Watch:
    return Watch(MetricPlan(metric, None), patience, None)


def test_the_first_of_equally_good_epochs_is_kept() -> None:
    assert best_epoch(epochs(0.1, 0.3, 0.3, 0.2), watch("ndcg")).number == 2


def test_the_smallest_error_is_the_best() -> None:
    assert best_epoch(epochs(0.3, 0.1, 0.2), watch("rmse")).number == 2


def test_the_last_epoch_is_kept_where_nothing_is_watched() -> None:
    assert best_epoch(epochs(None, None, None), None).number == 3


def test_an_epoch_without_a_number_is_never_the_best() -> None:
    assert best_epoch(epochs(float("nan"), 0.1, float("nan")), watch("auc")).number == 2


@pytest.mark.parametrize(
    ("watched", "is_at_end"), [((0.3,), False), ((0.3, 0.2), False), ((0.3, 0.2, 0.1), True), ((0.1, 0.2, 0.3), False)]
)
def test_training_ends_after_patience_epochs_without_a_better_one(watched: tuple[float, ...], is_at_end: bool) -> None:
    assert is_over(epochs(*watched), watch("ndcg"), planned=10) is is_at_end


def test_training_ends_after_its_planned_epochs() -> None:
    assert is_over(epochs(0.1, 0.2), watch("ndcg"), planned=2)


def test_the_watched_metric_is_read_from_the_plan() -> None:
    stop = Chosen("early", {"metric": "ndcg@10", "patience": 3, "head": None})
    plan = TrainPlan(
        Chosen("adam", {"lr": 0.001}), Chosen("constant"), 128, None, 10, stop, "float32", 1, None, None
    )  # fmt: skip
    assert watch_of(plan) == Watch(MetricPlan("ndcg", 10), 3, None)
