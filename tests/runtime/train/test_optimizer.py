"""The optimizer of a plan: its rate over the steps, its decay and its clipping."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from sess.compiler.block import Chosen, JsonValue
from sess.compiler.plans import TrainPlan
from sess.runtime.train.optimizer import WarmupDecay, optimizer

ADAM: dict[str, JsonValue] = {"lr": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
RULES: dict[str, dict[str, JsonValue]] = {
    "adam": ADAM,
    "adamw": {**ADAM, "weight_decay": 0.01},
    "sgd": {"lr": 0.1, "momentum": 0.5},
    "adagrad": {"lr": 0.1, "start": 0.1, "epsilon": 1e-7},
}
PLAN = TrainPlan(Chosen("adam", ADAM), Chosen("constant"), 128, None, 10, None, "float32", 1, None, None)


@pytest.mark.parametrize(("is_cosine", "halfway"), [(True, 0.5), (False, 0.5)])
def test_the_rate_rises_over_the_warmup_and_falls_to_nothing(is_cosine: bool, halfway: float) -> None:
    rate = WarmupDecay(2.0, warmup=10, total=110, is_cosine=is_cosine)
    assert float(rate(0)) == pytest.approx(0.2)
    assert float(rate(9)) == pytest.approx(2.0)
    assert float(rate(10)) == pytest.approx(2.0)
    assert float(rate(60)) == pytest.approx(2.0 * halfway)
    assert float(rate(110)) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_optimizer_moves_against_the_gradient(name: str) -> None:
    rule = optimizer(dataclasses.replace(PLAN, optimizer=Chosen(name, RULES[name])), total_steps=10)
    weight = keras.Variable(np.ones(3, np.float32))
    rule.build([weight])
    rule.apply([keras.ops.ones(3)], [weight])
    assert (np.asarray(weight) < 1.0).all()


def test_the_plans_decay_pulls_weights_to_zero_without_a_gradient() -> None:
    rule = optimizer(dataclasses.replace(PLAN, weight_decay=0.5), total_steps=10)
    weight = keras.Variable(np.ones(3, np.float32))
    rule.build([weight])
    rule.apply([keras.ops.zeros(3)], [weight])
    np.testing.assert_allclose(np.asarray(weight), 1.0 - 1e-3 * 0.5, rtol=1e-6)


def test_a_gradient_longer_than_the_norm_is_clipped() -> None:
    plan = dataclasses.replace(PLAN, optimizer=Chosen("sgd", {"lr": 1.0, "momentum": 0.0}), clip_norm=1.0)
    rule = optimizer(plan, total_steps=10)
    weight = keras.Variable(np.zeros(4, np.float32))
    rule.build([weight])
    rule.apply([keras.ops.full((4,), 100.0)], [weight])
    assert np.linalg.norm(np.asarray(weight)) == pytest.approx(1.0, rel=1e-5)
