"""Columns of values between arrow, where a null is a null, and numpy, where it is NaN or None."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.plans import ColumnPlan
from sess.runtime.steps.bags import Bags

Array = NDArray[Any]  # of the user's dtype


def to_raw(column: pa.Array | pa.ChunkedArray) -> Any:  # an Array, or Bags of lists
    """Return the user's values: floats with NaN for null, text and nullable whole numbers as objects with None.

    Lists of fixed length are an array (S, L), other lists are Bags; a null list is an empty one.
    """
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Bags(to_raw(pc.list_flatten(column)), offsets)
    if pa.types.is_fixed_size_list(kind):
        flat: Array = to_raw(pc.list_flatten(column))
        return flat.reshape(-1, kind.list_size)
    is_apt = pa.types.is_floating(kind) or pa.types.is_timestamp(kind) or pa.types.is_string(kind)
    if column.null_count and not is_apt:  # arrow would make floats of them
        objects: Array = np.empty(len(column), object)
        objects[:] = column.to_pylist()
        return objects
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    values: Array = whole.to_numpy(zero_copy_only=False)
    return values


def raw_values(column: ColumnPlan, values: pa.ChunkedArray) -> Any:  # an Array, or Bags of lists
    """Return the user's own values of a column, as requests hold them; vectors as (S, L)."""
    return to_raw(values) if column.width is None else vectors(values, column.width)


def own_values(column: ColumnPlan, values: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return the arrow column of which `to_raw` makes `raw_values`."""
    return values if column.width is None else from_raw(vectors(values, column.width))


def from_raw(values: Array | Bags) -> pa.Array:
    """Return the arrow array of values that `to_raw` gives back unchanged."""
    if isinstance(values, Bags):
        return pa.LargeListArray.from_arrays(pa.array(values.offsets), from_raw(values.values))
    if values.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(from_raw(values.ravel()), values.shape[1])
    return pa.array(values, from_pandas=False)


def vectors(column: pa.ChunkedArray, width: int) -> Array:
    """Return lists of so many numbers as (S, L), zeros for what is missing."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    flat = numbers(pc.list_flatten(column))
    found = np.zeros((len(lengths), width), flat.dtype)
    found[lengths == width] = np.nan_to_num(flat).reshape(-1, width)
    return found


def numbers(column: pa.Array | pa.ChunkedArray) -> Array:
    """Return numbers as floats, NaN for null: float32 where the column is, else float64."""
    found: Array = to_raw(column if pa.types.is_float32(column.type) else column.cast(pa.float64()))
    return found


def ranks(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the dense rank of every value, from 1, nulls first: equal ranks are equal values."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_nested(whole.type):
        return _list_ranks(whole)
    if pa.types.is_boolean(whole.type):
        whole = whole.cast(pa.int8())
    found = pc.rank(whole, sort_keys="ascending", null_placement="at_start", tiebreaker="dense")
    dense: NDArray[np.int64] = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return dense


def _list_ranks(lists: pa.Array) -> NDArray[np.int64]:
    """Return the dense ranks of lists, by their values in order; a null is an empty list, null values come first."""
    keys = [tuple((value is not None, value) for value in values or ()) for values in lists.to_pylist()]
    order = {key: rank for rank, key in enumerate(sorted(set(keys)), 1)}
    return np.array([order[key] for key in keys], np.int64)
