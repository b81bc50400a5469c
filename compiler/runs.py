"""How a model is trained, measured and served: plans without TensorFlow, as those of `plans.py`."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Chosen
from sess.compiler.types import Level


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """`ndcg@10`; `cutoff` is None for metrics without one."""

    name: str
    cutoff: int | None

    def __str__(self) -> str:
        return self.name if self.cutoff is None else f"{self.name}@{self.cutoff}"


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """How the model is trained. `stop` is None where there is no valid split: its params are metric, patience, head."""

    optimizer: Chosen
    schedule: Chosen
    batch: int
    tokens: int | None
    epochs: int
    stop: Chosen | None
    precision: str
    seed: int
    clip_norm: float | None
    weight_decay: float | None


@dataclass(frozen=True, slots=True)
class EvaluatePlan:
    """What is measured, beside which baselines, on which slices; `exclude` leaves the seen items out of the ranking."""

    metrics: tuple[MetricPlan, ...]
    baselines: tuple[Chosen, ...]
    slices: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TensorPlan:
    """One tensor of a request or answer; `shape` in symbols: B sessions, N values, K answers, D a width."""

    name: str
    dtype: str
    shape: tuple[str, ...]
    is_optional: bool
    column: str | None
    level: Level | None


@dataclass(frozen=True, slots=True)
class ServingPlan:
    """What is served. `delay` in microseconds."""

    name: str
    top_k: int
    exclude: tuple[str, ...]
    accept: tuple[str, ...]
    index: Chosen
    platform: str
    backend: str
    device: str
    batch_max: int
    delay: int
    on_empty: str
    on_unknown: str
    request: tuple[TensorPlan, ...]
    answers: tuple[TensorPlan, ...]
