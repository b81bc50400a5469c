"""The types of expressions: dimensions, directions, and the vectors per session, per step and per item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Dim:
    """A width: a number plus named symbols, such as `24 + auto(items)`; equal sums are equal widths."""

    number: int = 0
    symbols: tuple[tuple[str, int], ...] = ()

    @staticmethod
    def symbol(name: str) -> Dim:
        """Return the width that is only known after preparation, such as `auto(items)`."""
        return Dim(0, ((name, 1),))

    def __add__(self, other: Dim | int) -> Dim:
        right = Dim(other) if isinstance(other, int) else other
        counts = dict(self.symbols)
        for name, count in right.symbols:
            counts[name] = counts.get(name, 0) + count
        return Dim(self.number + right.number, tuple(sorted(counts.items())))

    def __mul__(self, factor: int) -> Dim:
        return Dim(self.number * factor, tuple((name, count * factor) for name, count in self.symbols if factor))

    @property
    def known(self) -> int | None:
        """The number; None while a symbol is in it."""
        return None if self.symbols else self.number

    def __str__(self) -> str:
        terms = [name if count == 1 else f"{count}·{name}" for name, count in self.symbols]
        if self.number or not terms:
            terms.insert(0, str(self.number))
        return " + ".join(terms)


class Direction(IntEnum):
    """What a step may have seen; the larger of two is what their mixture has."""

    STEPWISE = 0
    CAUSAL = 1
    WHOLE = 2

    def __str__(self) -> str:
        return self.name.lower()


class Level(StrEnum):
    """Whose columns they are."""

    STEP = "step"
    SESSION = "session"
    CATALOGUE = "catalogue"


class Rows(StrEnum):
    """What a row of the files is."""

    EVENTS = "events"
    SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class Columns:
    """A set of columns of one level; step columns belong to one group."""

    names: tuple[str, ...]
    level: Level
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """(B, D): one vector a session."""

    width: Dim
    direction: Direction = Direction.STEPWISE

    def __str__(self) -> str:
        return f"Row[{self.width}]"


MAIN_GROUP = ""


@dataclass(frozen=True, slots=True)
class Seq:
    """(B, T, D) and a mask: one vector a step of a group; the main group's name is empty."""

    width: Dim
    direction: Direction = Direction.STEPWISE
    group: str = MAIN_GROUP

    @property
    def steps(self) -> str:
        """The symbol of the group's length."""
        return f"T({self.group})" if self.group else "T"

    def __str__(self) -> str:
        return f"Seq[{self.steps}, {self.width}]"


@dataclass(frozen=True, slots=True)
class Tower:
    """(V, D): one vector an item of a domain."""

    width: Dim
    domain: str

    def __str__(self) -> str:
        return f"Tower[{self.width}]"


@dataclass(frozen=True, slots=True)
class Head:
    """A prediction: its target column, its state and its outputs."""

    target: str
    target_level: Level
    state: Seq | Row | None
    is_ranking: bool

    def __str__(self) -> str:
        return f"Head[{self.target}]"


Value = Row | Seq | Tower


_SAYS = {Row: "one vector a session", Seq: "one vector a step", Tower: "one vector an item"}


def describe(value: Value) -> str:
    """Return a type with what it means: `Row[24], one vector a session`."""
    return f"{value}, {_SAYS[type(value)]}"


def widest(values: Sequence[Value], width: Dim | None = None) -> Value:
    """Return what values of one kind are together: as wide as the first (or `width`), of the widest direction."""
    first = values[0]
    width = first.width if width is None else width
    if isinstance(first, Tower):
        return replace(first, width=width)
    return replace(first, width=width, direction=max(each.direction for each in values if not isinstance(each, Tower)))


Type = Columns | Value | Head
