"""The contract of a block: parameters that are its signature, a check from types to type, a lowering to Keras.

A block file is complete and light: Keras, and all tensor math that is shared, comes in as the argument of `lower`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from sess.compiler.cost import Cost, Sizes, guess
from sess.compiler.schema import Column
from sess.compiler.types import Dim, Direction, Head, Level, Row, Seq, Tower, Value
from sess.compiler.words import (
    EXPRESSION_KINDS,
    ONE,
    TIME,
    Chosen,
    CodesColumn,
    FilePath,
    HeadName,
    JsonValue,
    Kind,
    MetricWord,
    Microseconds,
    NoParams,
    OneColumn,
    Pipe,
    Port,
    RawColumn,
    Selection,
    SliceName,
    TableName,
    TimeColumn,
    TowerName,
)

KerasTensor = Any  # Keras is never imported here; its tensors have no light type

P = TypeVar("P")
V = TypeVar("V", bound=Value)
V_co = TypeVar("V_co", bound=Value, covariant=True)


class Entry(Generic[P]):
    """A word of the language with parameters: what the registry holds."""

    name: ClassVar[str]
    kind: ClassVar[Kind]
    Params: ClassVar[type[Any]]


class Representation(StrEnum):
    """How `features` turns a column into numbers."""

    EMBED = "embed"
    NUMERIC = "numeric"
    VECTORS = "vectors"
    SKIP = "skip"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Feature:
    """What a block may know of a column that it reads."""

    column: Column
    level: Level
    group: str | None
    representation: Representation
    table: str | None
    """The table that embeds it; None if it isn't categorical."""
    domain: str | None
    is_time: bool
    width: Dim
    """The width of its vector: of its table, 1 for a number, the list's length for vectors."""


class Site(Protocol):
    """What `check` sees of the place where the block stands; all its methods report what they find wrong."""

    def input(self, expected: type[V], port: str = "x") -> V | None:
        """Return what flows into a port; None if it is of another type or broken (reported)."""

    def any_input(self, port: str = "x") -> Value | None:
        """Return a Row, Seq or Tower; None if it is broken (reported)."""

    def inputs(self, port: str = "xs") -> tuple[Value, ...] | None:
        """Return all that flows into a variadic port, one kind and one group; None if they don't meet (reported)."""

    def alike(self, port: str = "xs") -> tuple[Value, ...] | None:
        """Return all that flows into a variadic port, of one kind, group and width; None if they differ (reported)."""

    def features(self, selection: Selection) -> tuple[Feature, ...]:
        """Return what is known of the selected columns."""

    def leaf(self, selection: Selection, width: Dim) -> Value:
        """Return what a block that reads these columns gives: a Seq of steps, a Row of sessions, a Tower of items."""

    def table(self, name: TableName | TowerName) -> Tower | None:
        """Return the type of a table or tower; None if it is broken (reported)."""

    def require(self, holds: bool, argument: str, message: str) -> bool:  # noqa: FBT001 - a claim reads well first
        """Report at the argument unless the claim holds: `dropout must be in [0, 1), not 1.5`."""

    def mismatch(self, message: str, at: str, help: str = "", insert_after: str = "") -> None:
        """Report types that don't fit, at a port or argument; `insert_after` is text that would mend it there."""


class Keras(Protocol):
    """What `lower` may use: Keras, the session layers, and the tensors of the node."""

    keras: Any  # the keras package
    layers: Any  # keras.layers
    ops: Any  # keras.ops
    random: Any  # keras.random
    session: Any  # our shared layers and tensor math: the modules of runtime/layers
    name: str  # the id of the node: names of layers begin with it
    inputs: Any  # by port name: a tensor, or a tuple of tensors for a variadic port
    mask: KerasTensor  # (B, T) bool, the real steps of the group of the first input or column
    seed: int  # the spec's seed, for layers with random numbers
    longest: int  # the most steps that the trunk ever sees (keep, plus what the objective appends)
    is_training: bool  # of an objective: which of its two graphs is being built
    generator: Any  # of an objective or head: the state of its random numbers
    order: KerasTensor | None  # (B, T) when a step is asked for, 0 if it is given; None unless the objective permutes
    parts: Any  # of an objective: see `Objective.parts`
    head: Any  # of an objective: the items of the ranking head
    run: Any  # of an objective: asks one of its parts
    items: Any  # of a table or head: its vocabulary's size: `reserved` and `total` codes
    clicks: Any  # of a head, in training: how often training met each real item (N,); None where nobody counted
    width: int  # of a table: its D; of a head: the width of its state

    def representation(self, column: str) -> Representation:
        """Return how `features` turns a column into numbers."""

    def values(self, column: str) -> KerasTensor:
        """Return a column's prepared values: codes int32 or numbers float32; (B, T) of steps, (B,) of sessions.

        Of a column of vectors: (B, T, D) of steps, (B, D) of sessions.
        """

    def times(self, column: str) -> KerasTensor:
        """Return a column of times as seconds since 1970, (B, T) float64: layers would round them to float32, so take
        the differences that you need by `session.gaps` or `session.spans` first.
        """

    def raw(self, column: str) -> KerasTensor:
        """Return numbers as the data has them, nulls as 0, and times as `times` has them; (B, T) of steps, (B,) of
        sessions.
        """

    def embed(self, column: str, combiner: str = "mean") -> KerasTensor:
        """Return a categorical column through its table, a list of categories by a combiner: (B, T, D) or (B, D)."""

    def hide(self, leaf: KerasTensor) -> KerasTensor:
        """Return a leaf with its own learned mask vector at the steps that the objective hides; (B, T, D)."""

    def table(self, name: TableName | TowerName) -> Any:
        """Return a table or tower: `real(is_training=…)` gives the vectors of its real items, (N, D)."""

    def lower(self, chosen: Chosen, kind: Kind) -> Any:
        """Lower a nested entry, such as the loss of a head."""


class Block(Entry[P], ABC):
    """A block that takes part in the graph: its check and its lowering."""

    inputs: ClassVar[tuple[Port, ...]] = (Port("x"),)

    @abstractmethod
    def check(self, site: Site, params: P) -> Value | Head | None:
        """Return the type that comes out; None if it can't be known. Report all that is wrong, never raise."""

    @abstractmethod
    def lower(self, keras: Keras, params: P) -> Any:
        """Return the tensor that comes out (heads, objectives and losses: see their classes)."""

    def cost(self, sizes: Sizes, params: P) -> Cost:
        """Return what one session costs; a block that doesn't say gets what its kind usually costs."""
        return guess(self.kind, sizes, params)


class FeatureBlock(Block[P]):
    """Columns become vectors: a leaf of the graph, so it has no ports."""

    kind = Kind.FEATURES
    inputs: ClassVar[tuple[Port, ...]] = ()


class ShapeBlock(Block[P]):
    """Values are put together or pooled."""

    kind = Kind.SHAPE


class DenseBlock(Block[P]):
    """The same layers for every step, row or item; what comes in keeps its kind and direction."""

    kind = Kind.DENSE


class Encoder(Block[P]):
    """Reads a session: a Seq in, a Seq (or, where it pools, a Row) out, of this direction."""

    kind = Kind.ENCODER
    direction: ClassVar[Direction]
    pools: ClassVar[bool] = False


class TableBlock(Block[P]):
    """A trained vector for every item of a domain: a Tower."""

    kind = Kind.TABLE
    inputs = ()


__all__ = [
    "EXPRESSION_KINDS", "ONE", "TIME", "Block", "Chosen", "CodesColumn", "Cost", "DenseBlock", "Encoder", "Entry",
    "Feature", "FeatureBlock", "FilePath", "HeadName", "JsonValue", "Keras", "KerasTensor", "Kind", "MetricWord",
    "Microseconds", "NoParams", "OneColumn", "Pipe", "Port", "RawColumn", "Representation", "Row", "Selection", "Seq",
    "ShapeBlock", "Site", "Sizes", "SliceName", "TableBlock", "TableName", "TimeColumn", "Tower", "TowerName",
]  # fmt: skip
