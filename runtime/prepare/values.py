"""Columns of values between arrow, where a null is a null, and numpy, where it is NaN or None."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Array = NDArray[Any]  # of the user's dtype


def to_raw(column: pa.Array | pa.ChunkedArray) -> Array:
    """Return the user's values: floats with NaN for null, text and nullable whole numbers as objects with None."""
    kind = column.type
    is_apt = pa.types.is_floating(kind) or pa.types.is_timestamp(kind) or pa.types.is_string(kind)
    if column.null_count and not is_apt:  # arrow would make floats of them
        objects: Array = np.empty(len(column), object)
        objects[:] = column.to_pylist()
        return objects
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    values: Array = whole.to_numpy(zero_copy_only=False)
    return values


def from_raw(values: Array) -> pa.Array:
    """Return the arrow array of values that `to_raw` gives back unchanged."""
    return pa.array(values, from_pandas=False)


def numbers(column: pa.Array | pa.ChunkedArray) -> Array:
    """Return numbers as floats, NaN for null: float32 where the column is, else float64."""
    if pa.types.is_float32(column.type):
        return to_raw(column)
    return to_raw(column.cast(pa.float64()))


def ranks(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the dense rank of every value, from 1, nulls first: equal ranks are equal values."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_boolean(whole.type):
        whole = whole.cast(pa.int8())
    found = pc.rank(whole, sort_keys="ascending", null_placement="at_start", tiebreaker="dense")
    dense: NDArray[np.int64] = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return dense
