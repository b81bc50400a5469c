"""What arguments can be: the kinds of words, and the types by which a parameter says what it wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, NewType

from sess.compiler.types import Level

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class Kind(StrEnum):
    """What a registry entry is; names are unique within a kind."""

    TABLE = "table"
    FEATURES = "features"
    SHAPE = "shape"
    DENSE = "dense"
    ENCODER = "encoder"
    OBJECTIVE = "objective"
    HEAD = "head"
    LOSS = "loss"
    BASELINE = "baseline"
    OPTIMIZER = "optimizer"
    SCHEDULE = "schedule"
    STOP = "stop"
    ROWS = "rows"
    KEEP = "keep"
    SPLIT = "split"
    PREPARE = "prepare"
    METRIC = "metric"
    INDEX = "index"
    PLATFORM = "platform"
    BATCH = "batch"


# What may be piped or nested as an expression; the others stand in section entries and arguments.
EXPRESSION_KINDS = (Kind.TABLE, Kind.FEATURES, Kind.SHAPE, Kind.DENSE, Kind.ENCODER, Kind.HEAD, Kind.BASELINE)

TableName = NewType("TableName", str)
"""An argument that names a table."""

TowerName = NewType("TowerName", str)
"""An argument that names a table or an expression of type Tower; its value is the id of that node."""


HeadName = NewType("HeadName", str)
"""An argument that names a head."""

Microseconds = NewType("Microseconds", int)
"""An argument that is a duration, such as `30m`."""

FilePath = NewType("FilePath", str)
"""An argument that is a path or URL; it is relative to the file in which it is written."""

MetricWord = NewType("MetricWord", str)
"""An argument that names a metric of the registry, with its cutoff: `ndcg@10`."""

SliceName = NewType("SliceName", str)
"""An argument that names a slice of an evaluation: `length`, `frequency` or a session column."""


@dataclass(frozen=True, slots=True)
class NoParams:
    """No arguments."""


@dataclass(frozen=True, slots=True)
class Selection:
    """An argument that selects columns: what `resolve` found, in schema order."""

    names: tuple[str, ...]
    level: Level
    group: str | None = None

    @property
    def only(self) -> str:
        """The name where one column is wanted; the checker has made sure of it."""
        (name,) = self.names
        return name


ONE = "one column"
OneColumn = Annotated[Selection, ONE]
"""An argument that wants exactly one column; the argument of a head is always so read."""

RAW = "a column as it is"
RawColumn = Annotated[Selection, ONE, RAW]
"""An argument that wants one column of times, or of numbers as the data has them: `keras.raw`."""

CODES = "a column of categories"
CodesColumn = Annotated[Selection, ONE, CODES]
"""An argument that wants one categorical column as codes: `keras.values`."""

TIME = "a column of times"
TimeColumn = Annotated[Selection, ONE, TIME]
"""An argument that wants a step column of times. As `TimeColumn | None = None` it is that of `events` where it isn't
given: `lower` never sees None.
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An argument or section value that is itself a registry entry: `loss=gbce(n=256)`.

    In Params it is annotated with its kind: `loss: Annotated[Chosen, Kind.LOSS] = Chosen("softmax")`. After
    `resolve` its params are complete: every default is written out.
    """

    name: str
    params: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pipe:
    """An argument that is a pipeline without its input: `residual(mlp([64]) >> norm)`.

    Its stages become nodes that read what flows into the block's first port, and what they give flows into a port
    called as the argument is: `site.any_input("pipe")`, `keras.inputs.pipe`. Its value is the pipe as it is written.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Port:
    """One value that flows into a block; the first port is what is piped in."""

    name: str = "x"
    is_variadic: bool = False
