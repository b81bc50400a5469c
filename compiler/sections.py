"""The keys of the sections, with their types and defaults: one frozen dataclass a section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from sess.compiler.block import Chosen, Kind, MetricWord, SliceName
from sess.compiler.ranges import ABOVE_ZERO, COUNT, NOT_NEGATIVE, Range
from sess.compiler.tree import SectionName
from sess.compiler.words import FilePath


@dataclass(frozen=True, slots=True)
class DataKeys:
    """Where the data is, and how rows become sessions. `rows` None: by the schema."""

    train: tuple[FilePath, ...] = ()
    valid: tuple[FilePath, ...] = ()
    test: tuple[FilePath, ...] = ()
    catalogue: FilePath | None = None
    split: Annotated[Chosen, Kind.SPLIT] | None = None
    rows: Annotated[Chosen, Kind.ROWS] | None = None
    keep: Annotated[Chosen, Kind.KEEP] = Chosen("last", {"n": 50})
    context: Literal["first_step", "last_step"] = "first_step"
    min_length: Annotated[int, COUNT] = 2


@dataclass(frozen=True, slots=True)
class TrainKeys:
    """How the model is trained. `stop` None: early on the first metric, where there is a valid split."""

    objective: Annotated[Chosen, Kind.OBJECTIVE] | None = None
    optimizer: Annotated[Chosen, Kind.OPTIMIZER] = Chosen("adam")
    schedule: Annotated[Chosen, Kind.SCHEDULE] = Chosen("constant")
    batch: Annotated[int, COUNT] | None = None
    tokens: Annotated[int, COUNT] | None = None
    epochs: Annotated[int, COUNT] = 10
    stop: Annotated[Chosen, Kind.STOP] | None = None
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    seed: Annotated[int, Range(least=0, below=2**32)] = 1
    clip_norm: Annotated[float, ABOVE_ZERO] | None = None
    weight_decay: Annotated[float, NOT_NEGATIVE] | None = None


@dataclass(frozen=True, slots=True)
class EvaluateKeys:
    """What is measured. `exclude` None: as `serve` has it; a slice is `length`, `frequency` or a session column."""

    metrics: tuple[MetricWord, ...] = (MetricWord("recall@10"), MetricWord("ndcg@10"), MetricWord("mrr@10"))
    baselines: tuple[Annotated[Chosen, Kind.BASELINE], ...] = (Chosen("popular"),)
    slices: tuple[SliceName, ...] = ()
    exclude: tuple[Literal["seen"], ...] | None = None


@dataclass(frozen=True, slots=True)
class ServeKeys:
    """What is served, and how."""

    top_k: Annotated[int, COUNT] = 20
    exclude: tuple[Literal["seen"], ...] = ()
    accept: tuple[Literal["k", "allow", "deny"], ...] = ("k", "allow", "deny")
    index: Annotated[Chosen, Kind.INDEX] = Chosen("exact")
    platform: Annotated[Chosen, Kind.PLATFORM] = Chosen("triton")
    batch: Annotated[Chosen, Kind.BATCH] = Chosen("dynamic")
    on_empty: Literal["popular", "error"] = "popular"
    on_unknown: Literal["unseen", "error"] = "unseen"


@dataclass(frozen=True, slots=True)
class PrepareKeys:
    """No fixed keys: a key is a column, a domain or a new column."""


KEYS: Mapping[SectionName, type[Any]] = {
    SectionName.DATA: DataKeys,
    SectionName.PREPARE: PrepareKeys,
    SectionName.TRAIN: TrainKeys,
    SectionName.EVALUATE: EvaluateKeys,
    SectionName.SERVE: ServeKeys,
}
