"""The operations of the `prepare` section: what overrides the derived preparation of a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Entry, Kind, Microseconds, NoParams, OneColumn


@dataclass(frozen=True, slots=True)
class CategorifyParams:
    """`categorify(min_count=1, max_size=none, buckets=none)`: values become codes; the rare ones share `buckets`."""

    min_count: int = 1
    max_size: int | None = None
    buckets: int | None = None


class Categorify(Entry[CategorifyParams]):
    """Values become codes of the column's domain."""

    name = "categorify"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class HashParams:
    """`hash(n)`: values become `n` buckets, without a vocabulary."""

    n: int


class Hash(Entry[HashParams]):
    """Hash buckets."""

    name = "hash"
    kind = Kind.PREPARE


class Standardize(Entry[NoParams]):
    """Less the mean, by the standard deviation, both of the training split."""

    name = "standardize"
    kind = Kind.PREPARE


class Log1p(Entry[NoParams]):
    """log(1 + x)."""

    name = "log1p"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class BucketizeParams:
    """`bucketize([1, 10, 100])`: numbers become the index of their interval."""

    boundaries: tuple[float, ...]


class Bucketize(Entry[BucketizeParams]):
    """Numbers become categories, as in NVTabular: 0 below the first boundary, and so on; a null stays one."""

    name = "bucketize"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class ClipParams:
    """`clip(lo, hi)`: numbers below and above become the bounds; `none` is no bound."""

    lo: float | None = None
    hi: float | None = None


class Clip(Entry[ClipParams]):
    """Numbers between bounds."""

    name = "clip"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class FillParams:
    """`fill(value=0)`: what a missing number becomes."""

    value: float = 0.0


class Fill(Entry[FillParams]):
    """A value for missing numbers."""

    name = "fill"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class TakeParams:
    """`take(first|last|max|sum)`: which of a session's events gives a session column its value."""

    which: Literal["first", "last", "max", "sum"]


class TakeOf(Entry[TakeParams]):
    """One value a session from the values of its events."""

    name = "take"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class TimePartsParams:
    """`time_parts(part)`: the hour, weekday… of a time, in UTC."""

    part: Literal["minute", "hour", "weekday", "day", "week", "month", "year"]


class TimeParts(Entry[TimePartsParams]):
    """A part of a date and time."""

    name = "time_parts"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class DifferenceParams:
    """`difference(a, b, unit=none)`: a less b; of two times, counted in `unit`, days if it is left out."""

    a: OneColumn
    b: OneColumn
    unit: Microseconds | None = None


class Difference(Entry[DifferenceParams]):
    """One column less another."""

    name = "difference"
    kind = Kind.PREPARE


@dataclass(frozen=True, slots=True)
class RatioParams:
    """`ratio(a, b)`: a by b; 0 where b is 0."""

    a: OneColumn
    b: OneColumn


class Ratio(Entry[RatioParams]):
    """One column by another."""

    name = "ratio"
    kind = Kind.PREPARE
