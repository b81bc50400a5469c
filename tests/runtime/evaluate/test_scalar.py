"""Metrics of single numbers against their definitions over all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from sess.compiler.plans import MetricPlan
from sess.runtime.evaluate.rows import ScalarRow
from sess.runtime.evaluate.scalar import Auc

DRAW = np.random.default_rng(3)
SCORES = DRAW.integers(0, 12, 300) / 12.0  # many ties
TARGETS = (DRAW.random(300) < SCORES).astype(np.float64)


def test_the_area_is_the_share_of_rightly_ordered_pairs() -> None:
    positive, negative = SCORES[TARGETS == 1], SCORES[TARGETS == 0]
    pairs = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    assert Auc(SCORES, TARGETS).area(np.ones(300)) == pytest.approx(pairs.mean(), abs=1e-12)


def test_a_weight_of_two_is_the_session_twice() -> None:
    twice = Auc(np.r_[SCORES, SCORES[:50]], np.r_[TARGETS, TARGETS[:50]]).area(np.ones(350))
    assert Auc(SCORES, TARGETS).area(np.r_[np.full(50, 2.0), np.ones(250)]) == pytest.approx(twice, abs=1e-12)


def test_one_class_alone_has_no_area() -> None:
    row = ScalarRow(SCORES, np.ones(300), (MetricPlan("auc", None),))
    assert row.figures(np.arange(300), seed=1)["auc"].value is None


def test_logloss_is_the_mean_negative_log_likelihood() -> None:
    sure = np.clip(SCORES, 1e-3, 1 - 1e-3)
    row = ScalarRow(sure, TARGETS, (MetricPlan("logloss", None),))
    wanted = -np.mean(np.log(np.where(TARGETS == 1, sure, 1 - sure)))
    figure = row.figures(np.arange(300), seed=1)["logloss"]
    assert figure.value == pytest.approx(wanted, abs=1e-9)
    assert figure.low is not None and figure.high is not None and figure.low < wanted < figure.high


def test_rmse_is_the_root_of_the_mean_square() -> None:
    row = ScalarRow(SCORES, TARGETS, (MetricPlan("rmse", None),))
    assert row.value(MetricPlan("rmse", None)) == pytest.approx(np.sqrt(np.mean((SCORES - TARGETS) ** 2)))
