"""A column of a file as the dtype that the schema says; what can't be it without loss is reported by its value."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Role

ARROW = {
    "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32(), "int64": pa.int64(),
    "uint8": pa.uint8(), "uint16": pa.uint16(), "uint32": pa.uint32(), "uint64": pa.uint64(),
    "float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64(),
    "bool": pa.bool_(), "string": pa.string(), "datetime64[us]": pa.timestamp("us"),
}  # fmt: skip
EXACT_FLOAT = 2**53


def conform_column(values: pa.ChunkedArray, column: ColumnPlan, file: str) -> pa.ChunkedArray:
    """Return a column as its plan says: one value a row, lists, or lists of lists; vectors are checked too."""
    is_time = column.role is Role.TIME
    if not column.is_list:
        return conform(values, column.dtype, column=column.name, file=file, is_time=is_time)
    depth = 2 if column.is_nested else 1
    found = conform_list(values, column.dtype, column=column.name, file=file, is_time=is_time, depth=depth)
    if column.width is not None:
        lists = pc.list_flatten(found) if column.is_nested else found
        _check_vectors(lists.combine_chunks(), column.width, column.name, file)
    return found


def conform(values: pa.ChunkedArray, dtype: str, *, column: str, file: str, is_time: bool = False) -> pa.ChunkedArray:
    """Return a column of scalars as the schema's dtype, NaN as null; RunFailed names file, column and value.

    A number that is a time keeps the precision of the file: seconds since 1970 don't fit in 32 bits of a float.
    """
    target = ARROW[dtype]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    found = values.type
    if pa.types.is_null(found):
        return values.cast(target)
    if pa.types.is_nested(found):
        raise _differs(column, file, f"lists (`{found}`)", f"one `{dtype}` a row")
    if pa.types.is_floating(found):
        values = pc.if_else(pc.is_nan(values.cast(pa.float64())), pa.scalar(None, found), values)
    if is_time and pa.types.is_floating(found) and pa.types.is_floating(target):
        return values.cast(pa.float64())
    if pa.types.is_integer(target):
        return _whole(values, target, column, file)
    if pa.types.is_floating(target) and _is_number(found):
        return values.cast(target, safe=False)
    if pa.types.is_string(target) and _is_text(found):
        return _text(values, column, file)
    if pa.types.is_boolean(target) and pa.types.is_boolean(found):
        return values
    if pa.types.is_timestamp(target) and (pa.types.is_timestamp(found) or pa.types.is_date(found)):
        return values.cast(pa.timestamp("us", tz=getattr(found, "tz", None)), safe=False).cast(target)
    raise _differs(column, file, f"`{found}`", f"`{dtype}`")


def conform_list(
    values: pa.ChunkedArray, dtype: str, *, column: str, file: str, is_time: bool = False, depth: int = 1
) -> pa.ChunkedArray:
    """Return a column of lists, or of lists of lists, whose values are of the schema's dtype."""
    whole = values.combine_chunks()
    found = whole.type
    if pa.types.is_null(found):
        kind = ARROW[dtype]
        for _ in range(depth):
            kind = pa.large_list(kind)
        return pa.chunked_array([pa.nulls(len(whole), kind)])
    if _depth(found) != depth and not pa.types.is_null(_innermost(found)):
        shown = ("one `{}` a row", "lists (`{}`)", "lists of lists (`{}`)")[min(_depth(found), 2)].format(found)
        raise _differs(column, file, shown, f"{'lists of ' * depth}`{dtype}`")
    lengths = pc.fill_null(pc.list_value_length(whole), 0)
    flat_values = pa.chunked_array([pc.list_flatten(whole)])
    if depth > 1:
        inner = conform_list(flat_values, dtype, column=column, file=file, is_time=is_time, depth=depth - 1)
    else:
        inner = conform(flat_values, dtype, column=column, file=file, is_time=is_time)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths.cast(pa.int64()))])
    flat = inner.combine_chunks()
    flat = flat if isinstance(flat, pa.Array) else pa.concat_arrays(flat.chunks)
    return pa.chunked_array([pa.LargeListArray.from_arrays(offsets, flat)])


def _depth(kind: pa.DataType) -> int:
    """Return how many lists a value lies in."""
    return 1 + _depth(kind.value_type) if is_list(kind) else 0


def _innermost(kind: pa.DataType) -> pa.DataType:
    return _innermost(kind.value_type) if is_list(kind) else kind


def is_list(kind: pa.DataType) -> bool:
    """Whether values of a type are lists, of one length or of any."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _check_vectors(lists: pa.Array, width: int, column: str, file: str) -> None:
    """Refuse lists of another length, but for empty ones, and numbers that are infinite."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    wrong = np.flatnonzero((lengths != width) & (lengths != 0))
    if len(wrong):
        found = f"a list of {lengths[wrong[0]]} numbers (list {wrong[0]} of {len(lengths):,})"
        raise _differs(column, file, found, f"lists of {width}")
    numbers = pc.list_flatten(lists)
    if pa.types.is_floating(numbers.type):
        is_infinite = pc.fill_null(pc.is_inf(numbers.cast(pa.float64())), False).to_numpy(zero_copy_only=False)
        if is_infinite.any():
            place = int(np.searchsorted(np.cumsum(lengths), np.argmax(is_infinite), side="right"))
            message = f"`{column}` of `{file}` has an infinite number (list {place} of {len(lengths):,})"
            raise RunFailed(message, "write the number itself, or null, which counts as zero")


def _whole(values: pa.ChunkedArray, target: pa.DataType, column: str, file: str) -> pa.ChunkedArray:
    """Return whole numbers: true is 1; floats are taken where they are whole, as columns with nulls often come."""
    if pa.types.is_boolean(values.type) and target == pa.int8():  # a schema file has no type of its own for them
        values = values.cast(pa.int8())
    found = values.type
    if not (pa.types.is_integer(found) or pa.types.is_floating(found)):
        raise _differs(column, file, f"`{found}`", f"`{target}`", values)
    if pa.types.is_floating(found):
        wide = values.cast(pa.float64())
        is_whole = pc.and_(pc.equal(wide, pc.floor(wide)), pc.less_equal(pc.abs(wide), float(EXACT_FLOAT)))
        bad = wide.filter(pc.invert(pc.fill_null(is_whole, True)))
        if len(bad):
            raise _differs(column, file, f"{bad[0].as_py():.17g}", f"`{target}`")
    try:
        return values.cast(target)
    except pa.ArrowInvalid:
        low, high = pc.min_max(values).as_py().values()
        raise _differs(column, file, f"values from {low} to {high}", f"`{target}`") from None


def _text(values: pa.ChunkedArray, column: str, file: str) -> pa.ChunkedArray:
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        raise RunFailed(f"`{column}` of `{file}` has text that is not UTF-8", "write the file as UTF-8") from None


def _differs(column: str, file: str, found: str, wanted: str, values: pa.ChunkedArray | None = None) -> RunFailed:
    example = ""
    if values is not None and len(values.drop_null()):
        example = f", such as {values.drop_null()[0].as_py()!r}"
    return RunFailed(
        f"`{column}` of `{file}` is {found}{example}, the schema says {wanted}",
        "mend the schema if the data is right, the file if it isn't",
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )  # fmt: skip
