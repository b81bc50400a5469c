"""The optimizer of a train plan: its rule, the schedule of its rate, decay and clipping."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from sess.compiler.block import Chosen
from sess.compiler.failures import Misused
from sess.compiler.plans import TrainPlan


class WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras has no types
    """A rate that rises linearly over `warmup` steps, then falls to 0 at the last step along a line or half a cosine.

    The last step is `total`; the rate of step s is that of the fraction (s - warmup) / (total - warmup) of the fall.
    """

    def __init__(self, peak: float, *, warmup: int, total: int, is_cosine: bool) -> None:
        self.peak, self.warmup, self.total, self.is_cosine = peak, warmup, total, is_cosine

    def __call__(self, step: Any) -> Any:  # keras gives a tensor or a number
        at = ops.cast(step, "float32")
        rise = (at + 1.0) / max(1, self.warmup)
        fallen = ops.clip((at - self.warmup) / max(1, self.total - self.warmup), 0.0, 1.0)
        fall = 0.5 * (1.0 + ops.cos(math.pi * fallen)) if self.is_cosine else 1.0 - fallen
        return self.peak * ops.where(at < self.warmup, rise, fall)

    def get_config(self) -> dict[str, float | int | bool]:
        """Return the arguments."""
        return {"peak": self.peak, "warmup": self.warmup, "total": self.total, "is_cosine": self.is_cosine}


def optimizer(plan: TrainPlan, total_steps: int) -> Any:  # a keras optimizer
    """Return the optimizer of a plan for a training of so many steps."""
    params = dict(plan.optimizer.params)
    rate = _rate(plan.schedule, _number(params, "lr"), total_steps)
    shared: dict[str, Any] = {"learning_rate": rate, "global_clipnorm": plan.clip_norm}
    if plan.weight_decay is not None:
        shared["weight_decay"] = plan.weight_decay
    rules = keras.optimizers
    match plan.optimizer.name:
        case "adam":
            made = rules.Adam(**_adam(params), **shared)
        case "adamw":
            made = rules.AdamW(**{"weight_decay": _number(params, "weight_decay")} | _adam(params) | shared)
        case "sgd":
            made = rules.SGD(momentum=_number(params, "momentum"), **shared)
        case "adagrad":
            start = _number(params, "start")
            made = rules.Adagrad(initial_accumulator_value=start, epsilon=_number(params, "epsilon"), **shared)
        case other:
            raise Misused(f"this version can't train with the optimizer `{other}`", "use adam, adamw, sgd or adagrad")
    return rules.LossScaleOptimizer(made) if plan.precision == "mixed_float16" else made


def _rate(schedule: Chosen, peak: float, total_steps: int) -> float | WarmupDecay:
    match schedule.name:
        case "constant":
            return peak
        case "cosine" | "linear":
            warmup = int(_number(dict(schedule.params), "warmup"))
            return WarmupDecay(peak, warmup=warmup, total=total_steps, is_cosine=schedule.name == "cosine")
        case other:
            raise Misused(f"this version can't train with the schedule `{other}`", "use constant, cosine or linear")


def _adam(params: dict[str, Any]) -> dict[str, Any]:
    return {name: _number(params, name) for name in ("beta_1", "beta_2", "epsilon")}


def _number(params: dict[str, Any], name: str) -> float:
    return float(params[name])
