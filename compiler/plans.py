"""The plans: everything the runtime needs, as plain data without TensorFlow; what the compiler promises to build.

Plans are frozen, complete and JSON-able (`codec.py`), so that a stage's digest is the digest of its plan. Paths are as
written in the spec, relative to the spec's folder; the runtime resolves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler.block import Chosen, JsonValue
from sess.compiler.column_plan import ColumnPlan, Role, Take
from sess.compiler.runs import EvaluatePlan, MetricPlan, ServingPlan, TensorPlan, TrainPlan
from sess.compiler.types import Level, Rows


@dataclass(frozen=True, slots=True)
class DomainPlan:
    """A vocabulary and the columns that share it. `is_item`: it is the catalogue's; `catalogue` are those of its other
    columns that are in it.
    """

    name: str
    columns: tuple[str, ...]
    dtype: str
    is_item: bool
    categorify: Chosen
    catalogue: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataPlan:
    """Where the data is and how it becomes sessions. Durations in microseconds."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]
    catalogue: str | None
    catalogue_title: str | None
    split: Chosen | None
    rows: Rows
    session: str | None
    time: str | None
    unit: str
    idle: int | None
    dedupe: bool
    keep: int
    context: str
    min_length: int
    item: str
    seed: int


@dataclass(frozen=True, slots=True)
class PretrainedPlan:
    """The vectors with which a table begins: `path` is a parquet file, or a .npy whose rows' ids are in `ids`.

    `columns` are the names that a column of ids may have.
    """

    table: str
    domain: str
    path: str
    ids: str | None
    dim: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkflowPlan:
    """The preparation: data, columns in schema order, vocabularies, the vectors that tables begin with, and the columns
    of the catalogue that the model reads.
    """

    data: DataPlan
    columns: tuple[ColumnPlan, ...]
    domains: tuple[DomainPlan, ...]
    pretrained: tuple[PretrainedPlan, ...] = ()
    group: str = ""
    lengths: tuple[ColumnPlan, ...] = ()
    catalogue: tuple[ColumnPlan, ...] = ()

    @property
    def inputs(self) -> tuple[ColumnPlan, ...]:
        """All columns that the model may read: those of the data, and the lengths of groups."""
        return (*self.columns, *self.lengths)


@dataclass(frozen=True, slots=True)
class TablePlan:
    """An embedding table; `dim` None is `auto`: ceil8(ceil(2 n^0.25)) of the vocabulary's size n."""

    name: str
    domain: str
    dim: int | None
    params: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One block of the trunk: `inputs` are the node ids per port in order, `params` the complete arguments.

    `tables` are those through which it reads its categorical columns.
    """

    id: str
    block: Chosen
    kind: str
    inputs: Mapping[str, tuple[str, ...]]
    level: Level | None
    type: str
    tables: Mapping[str, str]
    group: str = ""


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """A head: its block, the node whose state it reads (None of a baseline), its target."""

    name: str
    block: Chosen
    state: str | None
    target: str
    target_level: Level
    target_domain: str | None
    is_ranking: bool
    weight: float

    @property
    def is_now(self) -> bool:
        """Whether it predicts what the step itself has, not what the next one will."""
        return self.target_level is Level.STEP and self.block.params.get("at") == "now"

    @property
    def is_baseline(self) -> bool:
        """Whether it is fitted by counting: it reads no state."""
        return self.state is None


@dataclass(frozen=True, slots=True)
class EncoderPlan:
    """An exported encoder: `<spec>.<name>` serves the vector of this node."""

    name: str
    node: str


@dataclass(frozen=True, slots=True)
class CataloguePlan:
    """What the model knows of every item of a domain beside its id: constants by code, from the catalogue's columns."""

    domain: str
    columns: tuple[ColumnPlan, ...]


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """The Keras model: inputs by column, tables, nodes in topological order, heads, and the objective.

    `inputs` are the columns that nodes read (their ColumnPlan says dtype, role and domain). `keep` is the number of
    input steps.
    """

    name: str
    inputs: tuple[str, ...]
    tables: tuple[TablePlan, ...]
    nodes: tuple[NodePlan, ...]
    encoders: tuple[EncoderPlan, ...]
    heads: tuple[HeadPlan, ...]
    objective: Chosen | None
    keep: int
    seed: int
    group: str = ""
    """The group whose steps are predicted."""
    catalogue: CataloguePlan | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A checked spec, lowered: what a back end builds."""

    name: str
    title: str | None
    workflow: WorkflowPlan
    model: ModelPlan
    train: TrainPlan
    evaluate: EvaluatePlan
    serving: ServingPlan


__all__ = [
    "CataloguePlan", "ColumnPlan", "DataPlan", "DomainPlan", "EncoderPlan", "EvaluatePlan", "HeadPlan", "MetricPlan",
    "ModelPlan", "NodePlan", "PretrainedPlan", "Program", "Role", "Rows", "ServingPlan", "TablePlan", "Take",
    "TensorPlan", "TrainPlan", "WorkflowPlan",
]  # fmt: skip
