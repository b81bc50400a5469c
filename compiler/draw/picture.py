"""What is drawn: cards, wires between them, and nothing about ink; every format draws the same picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """What a card stands for, which decides its colour."""

    COLUMN = "column"
    TABLE = "table"
    BLOCK = "block"
    ENCODER = "encoder"
    HEAD = "head"
    TRAIN = "train"
    ANSWER = "answer"


class Flow(StrEnum):
    """What runs along a wire, which decides its colour and stroke."""

    COLUMNS = "columns"
    ROW = "row"
    SEQ = "seq"
    TOWER = "tower"
    HEAD = "head"
    LABELS = "labels"


FLOWS = {
    Flow.COLUMNS: "columns",
    Flow.ROW: "Row, one vector a session",
    Flow.SEQ: "Seq, one vector a step",
    Flow.TOWER: "Tower, one vector an item",
    Flow.HEAD: "Head, a prediction",
    Flow.LABELS: "only in training",
}
"""The legend."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card comes from: a file, and its lines from `first` to `last`."""

    file: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Card:
    """One box: the title in bold, `detail` below it, `shape` at the foot, then `cost`.

    `is_train_only` isn't in the served model. `facts` are all there is to say, for who asks.
    """

    id: str
    title: str
    detail: str
    shape: str
    look: Look
    is_train_only: bool = False
    cost: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    place: Place | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of a card, from the title down."""
        return tuple(text for text in (self.title, self.detail, self.shape, self.cost) if text)


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge from card to card; `label` names the port where that isn't plain."""

    source: str
    target: str
    label: str = ""
    flow: Flow = Flow.SEQ

    @property
    def is_train_only(self) -> bool:
        """Whether it isn't in the served model."""
        return self.flow is Flow.LABELS


@dataclass(frozen=True, slots=True)
class Picture:
    """All cards and wires, in a fixed order; `totals` are what all of it costs, in lines of text."""

    title: str
    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]
    totals: tuple[str, ...] = ()
