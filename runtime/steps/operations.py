"""The operations of a fitted preparation on arrays: numbers, intervals, parts of times, one column by another.

A copy of this file stands in every served model repository, so it imports nothing of ours. A null is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # of the user's dtype: whole numbers, floats, times, or objects (None)
Floats = NDArray[np.float64]

DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
# The calendar's years 1 to 9999 in days from 1970; a time beyond them is taken as missing.
FIRST_DAY, LAST_DAY = -719_162, 2_932_896


def numbers(raw: Array) -> Array:
    """Return floats, NaN for null: float32 where the column is, else float64; times as microseconds."""
    if raw.dtype.kind == "M":
        return np.where(np.isnat(raw), np.nan, raw.astype("datetime64[us]").astype(np.int64))
    return raw if raw.dtype == np.float32 else raw.astype(np.float64)  # None becomes NaN


def standardized(raw: Array, operations: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
    """Return numbers through fill, log1p, clip and standardize; NVTabular computes in float32 where the column is."""
    return _through(numbers(raw), operations).astype(np.float32)


def categories(raw: Array, operations: Sequence[Mapping[str, Any]]) -> Array:
    """Return the values that become codes: what time_parts or bucketize makes, else the values themselves."""
    if not operations:
        return raw
    if operations[0]["op"] == "time_parts":
        return time_part(raw, operations[0]["part"], operations[0]["unit"])
    *before, last = operations
    return intervals(_through(numbers(raw), before), last["boundaries"])


def intervals(values: Array, boundaries: Sequence[float]) -> Floats:
    """Return the number of the interval of each value: 0 below the first boundary."""
    found = np.searchsorted(np.asarray(boundaries, np.float64), values.astype(np.float64), side="right")
    return np.where(np.isnan(values), np.nan, found)


def time_part(raw: Array, part: str, unit: str) -> Floats:
    """Return a part of times, in UTC; Monday is weekday 0, weeks are those of ISO 8601."""
    is_null, times = _whole(raw)
    days = times // DAY[unit]
    is_null |= (days < FIRST_DAY) | (days > LAST_DAY)
    days = np.where(is_null, 0, days)
    seconds = (times - days * DAY[unit]) // (DAY[unit] // 86_400)
    weekday = (days + 3) % 7  # 1970 began on a Thursday
    date = days.astype("datetime64[D]")
    match part:
        case "minute":
            found = seconds // 60 % 60
        case "hour":
            found = seconds // 3_600
        case "weekday":
            found = weekday
        case "day":
            found = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
        case "week":
            thursday = (days - weekday + 3).astype("datetime64[D]")  # a week is of the year of its Thursday
            found = (thursday - thursday.astype("datetime64[Y]")).astype(np.int64) // 7 + 1
        case "month":
            found = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
        case "year":
            found = date.astype("datetime64[Y]").astype(np.int64) + 1970
        case other:
            raise ValueError(f"`{other}` is no part of a time")
    return np.where(is_null, np.nan, found)


def computed(maker: Mapping[str, Any] | None, sources: Sequence[Array]) -> Array:
    """Return a derived column: its one source, or one column less or by another."""
    if maker is None:
        return sources[0]
    found: Array
    a, b = (numbers(source).astype(np.float64) for source in sources)
    if maker["op"] == "difference":
        found = (a - b) / maker["per"]
        return np.floor(found) if maker["is_whole"] else found
    is_zero = b == 0
    found = np.where(is_zero & ~np.isnan(a), 0.0, a / np.where(is_zero, 1.0, b))
    return found


def _through(values: Array, operations: Sequence[Mapping[str, Any]]) -> Array:
    for operation in operations:
        match operation["op"]:
            case "fill":
                values = np.where(np.isnan(values), values.dtype.type(operation["value"]), values)
            case "log1p":
                values = np.log(values.astype(np.float32) + 1)
            case "clip" if operation["lo"] is None and operation["hi"] is None:
                continue
            case "clip":
                values = np.clip(values, *_bounds(operation, values.dtype))
            case "standardize":
                values = values - operation["mean"]
                if operation["std"]:
                    values = values / operation["std"]
            case other:
                raise ValueError(f"`{other}` has no lowering to arrays")
    return values


def _bounds(operation: Mapping[str, Any], dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return the bounds of a clip as numbers of the column's dtype, None for no bound."""
    return tuple(None if bound is None else dtype.type(bound) for bound in (operation["lo"], operation["hi"]))  # type: ignore[return-value]


def _whole(raw: Array) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which times are null, and all as whole numbers of their unit, 0 for null."""
    if raw.dtype.kind in "iu":
        return np.zeros(len(raw), bool), raw.astype(np.int64)
    values = numbers(raw)
    is_null = ~np.isfinite(values) | (np.abs(values) >= 2.0**63)
    if raw.dtype.kind == "M":
        return is_null, np.where(is_null, 0, raw.astype("datetime64[us]").astype(np.int64))
    if raw.dtype.kind == "O":  # whole numbers with None, exact
        return is_null, np.array(
            [0 if null else int(value) for value, null in zip(raw, is_null, strict=True)], np.int64
        )
    return is_null, np.floor(np.where(is_null, 0, values)).astype(np.int64)
