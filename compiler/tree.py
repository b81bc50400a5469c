"""The typed tree of a spec: what the parser makes and `resolve` reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sess.compiler.source import Source, Span


@dataclass(frozen=True, slots=True)
class Word:
    """A name where it stands."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Metric:
    """`ndcg@10`: a metric word with its cutoff."""

    name: str
    cutoff: int


@dataclass(frozen=True, slots=True)
class Duration:
    """`30m`: a number of microseconds, and the text that was written."""

    microseconds: int
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, string, truth value, duration or metric."""

    value: int | float | str | bool | Duration | Metric
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A bare word: a definition, a column, a fixed word or a block without arguments; `resolve` decides."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `label` is None where it is given by position."""

    label: Word | None
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`name(a, key=b)`."""

    name: Word
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: tuple[Expression, ...]
    span: Span


class Operator(StrEnum):
    """The operators on columns."""

    UNION = "+"
    DIFFERENCE = "-"
    MEET = "&"


@dataclass(frozen=True, slots=True)
class Binary:
    """`a & b`, `a + b`, `a - b`."""

    operator: Operator
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`a >> f(x) >> g`: at least two stages."""

    stages: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where the parser recovered; whatever reads it is silent."""

    span: Span


Expression = Literal | Name | Call | ListOf | Binary | Pipeline | Broken


@dataclass(frozen=True, slots=True)
class SpecStatement:
    """`spec NAME ["title"]`."""

    name: Word
    title: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class SchemaStatement:
    """`schema "path" [for catalogue]`."""

    path: Literal
    is_catalogue: bool
    span: Span


@dataclass(frozen=True, slots=True)
class ImportStatement:
    """`import "path"`."""

    path: Literal
    span: Span


@dataclass(frozen=True, slots=True)
class ParamStatement:
    """`param NAME = VALUE [in SPACE]`."""

    name: Word
    value: Expression
    space: Expression | None
    span: Span


class Kind(StrEnum):
    """The keyword of a definition."""

    COLUMNS = "columns"
    SEQUENCE = "sequence"
    DOMAIN = "domain"
    TABLE = "table"
    LET = "let"
    ENCODER = "encoder"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Definition:
    """`kind NAME = EXPRESSION`."""

    kind: Kind
    name: Word
    value: Expression
    span: Span


class SectionName(StrEnum):
    """The five sections."""

    DATA = "data"
    PREPARE = "prepare"
    TRAIN = "train"
    EVALUATE = "evaluate"
    SERVE = "serve"


@dataclass(frozen=True, slots=True)
class Entry:
    """`key = value` of a section; in `prepare` the key may be a string."""

    key: Word
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Section:
    """`section { key = value … }`."""

    name: SectionName
    entries: tuple[Entry, ...]
    span: Span


Statement = SpecStatement | SchemaStatement | ImportStatement | ParamStatement | Definition | Section


@dataclass(frozen=True, slots=True)
class Spec:
    """One parsed file, imports not yet merged."""

    source: Source
    statements: tuple[Statement, ...]
