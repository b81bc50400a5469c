"""Which numbers are moments: seconds since 1970 or parts of them, neither before it nor beyond the year 9999."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

MICROSECONDS: dict[str, float] = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0.001}
LATEST = 253_402_300_799e6  # microseconds: the end of the year 9999


def is_moment(values: pa.ChunkedArray, unit: str) -> pa.ChunkedArray:
    """Return which values are a known time: dates all are, of numbers those that aren't -1 or any other mark."""
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return pc.is_valid(values)
    since = pc.multiply(values.cast(pa.float64(), safe=False), MICROSECONDS[unit])
    known = pc.and_(pc.greater_equal(since, 0.0), pc.less_equal(since, LATEST))  # NaN is neither
    return pc.fill_null(known, False)
