"""The plan of one column: what it is to the preparation, and what prepares it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sess.compiler.block import Chosen


class Role(StrEnum):
    """What a column is to the preparation."""

    KEY = "key"
    TIME = "time"
    STEP = "step"
    SESSION = "session"


class Take(StrEnum):
    """Which event's value a session column takes."""

    FIRST = "first"
    LAST = "last"
    MAX = "max"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """One column of the events (or sessions), and the NVTabular ops that prepare it.

    `ops` is empty for what the model doesn't read (keys, times, columns only named by slices); otherwise
    `categorify(…)` for codes, or `fill`, `log1p`, `clip`, `standardize`… for numbers, in order, every default written
    out. `is_input`: the model reads it. `is_target`: a head predicts it. `unit`: the model reads it as times that count
    in this unit; None for all others. `sources`: what a derived column is computed from, by `maker` (None: it is its
    one source itself); empty for a column of the data. `is_source`: an input is derived from it, so that it is in a
    request. `is_bag`: it has a list of categories a step, a session or an item; `width`: it has a vector of so many
    numbers. `is_list`: a row of the files has a list of it; `is_nested`: a list of lists, one a step.
    """

    name: str
    dtype: str
    role: Role
    is_list: bool
    ops: tuple[Chosen, ...]
    domain: str | None
    is_input: bool
    is_target: bool
    take: Take = Take.FIRST
    group: str = ""
    unit: str | None = None
    sources: tuple[str, ...] = ()
    maker: Chosen | None = None
    is_source: bool = False
    is_bag: bool = False
    width: int | None = None
    is_nested: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether it has more than one value a step or a session: a bag, or a vector."""
        return self.is_bag or self.width is not None

    @property
    def prepared(self) -> str:
        """The dtype of its prepared values: codes, times in seconds, or numbers."""
        return "int32" if self.domain else "float64" if self.unit else "float32"
