"""What the values of data tell: dtypes, counts, ranges, and what varies in a session."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from sess.compiler.failures import RunFailed
from sess.compiler.schema import Dtype
from sess.compiler.starter.profile import ColumnProfile, Files, Profile, SessionProfile
from sess.runtime.prepare.conform import is_list
from sess.runtime.prepare.files import CSV, UNREADABLE, first_line, look_up, open_parquet

MOST_ROWS = 1_000_000
TYPICAL = 0.9
Lengths = npt.NDArray[np.int64]
_DTYPES = {each.value: each for each in Dtype}


def absolute(pattern: str, base: Path) -> str:
    """Return a pattern that is relative to a folder which may not be there yet."""
    return os.path.normpath(base.absolute() / pattern)


def read_some(pattern: str, base: Path) -> tuple[pa.Table, int | None]:
    """Return the first million rows of the files of a pattern, and how many rows there are (None: nobody counted)."""
    parts: list[pa.Table] = []
    total: int | None = 0
    for path in look_up(absolute(pattern, base), base):
        try:
            room = MOST_ROWS - sum(part.num_rows for part in parts)
            part, rows = _csv(path, room) if path.endswith(CSV) else _parquet(path, room)
        except UNREADABLE as error:
            raise RunFailed(f"`{path}` can't be read: {first_line(error)}", "write the file again") from error
        total = None if total is None or rows is None else total + rows
        parts.append(part)
    if not sum(part.num_rows for part in parts):
        raise RunFailed(f"the files of `{pattern}` have no rows")
    try:
        return pa.concat_tables(parts, promote_options="permissive"), total
    except pa.ArrowException as error:
        raise RunFailed(f"the files of `{pattern}` have different columns: {first_line(error)}") from error


def profile_table(table: pa.Table, files: Files, of_rows: int | None) -> Profile:
    """Return what the columns hold; a column of a type that no schema has is left out."""
    columns = {name: _plain(table.column(name)) for name in table.column_names}
    lengths = {name: _lengths(values) for name, values in columns.items() if is_list(values.type)}
    found = []
    for name, values in columns.items():
        like = tuple(other for other in lengths if other != name and name in lengths and
                     np.array_equal(lengths[other], lengths[name]))  # fmt: skip
        profile = _column(name, values, lengths.get(name), like)
        if profile is not None:
            found.append(profile)
    return Profile(files, table.num_rows, of_rows, tuple(found))


def profile_sessions(table: pa.Table, key: str) -> SessionProfile:
    """Return which columns have several values in a session, and how long sessions are."""
    lists = {name for name in table.column_names if pa.types.is_nested(table.column(name).type)}
    scalars = [name for name in table.column_names if name != key and name not in lists]
    columns = [_plain(table.column(name)) for name in [key, *scalars]]
    # By their places, since arrow reads a name with a dot or a bracket as a path.
    codes = pa.table({str(i): values.dictionary_encode().combine_chunks().indices for i, values in enumerate(columns)})
    counted = [(str(i), "count_distinct", pc.CountOptions(mode="all")) for i in range(1, len(columns))]
    groups = codes.group_by("0").aggregate([*counted, ("0", "count")])
    most = [pc.max(groups.column(f"{i}_count_distinct")).as_py() or 0 for i in range(1, len(columns))]
    varying = {name for name, count in zip(scalars, most, strict=True) if count > 1}
    typical = int(np.quantile(groups.column("0_count").to_numpy(), TYPICAL))
    return SessionProfile(groups.num_rows, frozenset(varying | lists), typical)


def typical_length(table: pa.Table, name: str) -> int:
    """Return the length that nine of ten lists don't exceed."""
    return int(np.quantile(_lengths(_plain(table.column(name))), TYPICAL))


def _parquet(path: str, room: int) -> tuple[pa.Table, int]:
    with open_parquet(path) as file:
        return _first(file.iter_batches(), room, file.schema_arrow), file.metadata.num_rows


def _csv(path: str, room: int) -> tuple[pa.Table, int | None]:
    with fsspec.open(path, "rb", compression="infer") as stream:
        with pcsv.open_csv(stream) as reader:  # left open, its threads may end the process
            part = _first(iter(reader), room, reader.schema)
        return part, part.num_rows if part.num_rows < room else None


def _first(batches: Iterator[pa.RecordBatch], room: int, schema: pa.Schema) -> pa.Table:
    found: list[pa.RecordBatch] = []
    for batch in batches:
        if room <= 0:
            break
        found.append(batch.slice(0, room))
        room -= batch.num_rows
    return pa.Table.from_batches(found, schema)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values whose dictionary, date and wide types are taken apart; NaN is null."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
    if pa.types.is_date(values.type) or pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("us", tz=getattr(values.type, "tz", None)), safe=False)
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    if pa.types.is_floating(values.type):
        values = values.cast(pa.float64()) if pa.types.is_float16(values.type) else values
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return values


def _lengths(values: pa.ChunkedArray) -> Lengths:
    lengths: Lengths = pc.fill_null(pc.list_value_length(values.combine_chunks()), 0).to_numpy(zero_copy_only=False)
    return lengths


def _column(name: str, values: pa.ChunkedArray, lengths: Lengths | None, like: Sequence[str]) -> ColumnProfile | None:
    nulls, length = values.null_count, None
    if lengths is not None:
        values = _plain(pa.chunked_array([pc.list_flatten(values.combine_chunks())]))
        length = int(lengths[0]) if len(lengths) and (lengths == lengths[0]).all() and lengths[0] else None
    dtype = _dtype(values.type)
    if dtype is None:
        return None
    low = high = None
    is_whole, words = dtype.is_integer, 0.0
    known = values.drop_null()
    if len(known) and (dtype.is_integer or dtype.is_float):
        low, high = (float(each) for each in pc.min_max(known).as_py().values())
        is_whole = dtype.is_integer or bool(pc.all(pc.equal(known, pc.floor(known))).as_py())
    if len(known) and dtype is Dtype.STRING:
        words = float(pc.mean(pc.add(pc.count_substring(known.cast(pa.large_string()), " "), 1)).as_py())
    distinct = pc.count_distinct(known).as_py()
    return ColumnProfile(
        name, dtype, lengths is not None, length, nulls, distinct, low, high, words, is_whole, tuple(like)
    )


def _dtype(kind: pa.DataType) -> Dtype | None:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Dtype.STRING
    if pa.types.is_timestamp(kind):
        return Dtype.DATETIME
    names = {"double": "float64", "float": "float32", "halffloat": "float16", "bool": "bool"}
    return _DTYPES.get(names.get(str(kind), str(kind)))
