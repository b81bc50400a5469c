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


@dataclass(frozen=True, slots=True)
class Card:
    """One box: the title in bold, `detail` below it, `shape` at the foot; `is_train_only` isn't in the served model."""

    id: str
    title: str
    detail: str
    shape: str
    look: Look
    is_train_only: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge from card to card; `label` names the port where that isn't plain."""

    source: str
    target: str
    label: str = ""
    is_train_only: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """All cards and wires, in a fixed order."""

    title: str
    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]
