"""What a look at the data tells, without saying what it means: columns, values, sessions, files."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.schema import Dtype


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column of the rows that were looked at; of a list column, `distinct`, `low` and `high` are of its values.

    `length` is the length that all lists have, None if they differ. `low` and `high` are of numbers, as seconds since
    1970 for a datetime. `words` is the mean number of words of a text, 0 for others.
    """

    name: str
    dtype: Dtype
    is_list: bool = False
    length: int | None = None
    nulls: int = 0
    distinct: int = 0
    low: float | None = None
    high: float | None = None
    words: float = 0.0
    is_whole: bool = False
    """Whether every value is a whole number, whatever the dtype."""
    like: tuple[str, ...] = ()
    """List columns that have as many values as this one in every row."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files by what they are for, as a spec would name them; each is relative to the folder of the spec."""

    train: str
    valid: str | None = None
    test: str | None = None
    catalogue: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The data as it was looked at: `rows` of `of_rows` rows."""

    files: Files
    rows: int
    of_rows: int | None
    columns: tuple[ColumnProfile, ...]

    def find(self, name: str) -> ColumnProfile | None:
        """Return the column; None if there is none."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class SessionProfile:
    """The sessions by a key: which columns have more than one value in a session, and how long sessions are."""

    count: int
    varying: frozenset[str]
    typical: int
    """The length that nine of ten sessions don't exceed."""
