"""The files that `data` names: found by globs, read as arrow tables, every column of the dtype that the schema says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan
from sess.runtime.prepare.conform import ARROW, conform_column

MORE_NAMES = 8
RELATIVE = "paths in a spec are relative to the spec's own folder"
CSV = (".csv", ".csv.gz")
CONVERSION = "CSV conversion error"  # what arrow says of a value, and not of the lines
PIECE, BUFFER = 1 << 16, 1 << 20  # rows of a piece, or of lists values; bytes of a column that are read for it
UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)  # the last of names in a broken footer


class Unreadable(RunFailed):
    """The bytes of a file are no parquet, or no csv; `reason` is where and why."""

    def __init__(self, path: str, place: str, why: str) -> None:
        kind = "csv" if path.endswith(CSV) else "parquet"
        super().__init__(f"`{path}` can't be read as {kind}{place and f' ({place})'}: {why}", "write the file again")
        self.reason = f"{place}: {why}" if place else why


def find_files(pattern: str, base: Path) -> list[str]:
    """Return the files of a path, glob or fsspec URL in the order of their names; RunFailed if there are none."""
    found = look_up(pattern, base)
    if not found:
        place = "" if "://" in pattern else f" in `{base}`"
        raise RunFailed(f"no file matches `{pattern}`{place}", RELATIVE)
    return found


def look_up(pattern: str, base: Path) -> list[str]:
    """Return the files of a path, glob or fsspec URL, none if nothing matches; RunFailed if nobody can say."""
    is_url = "://" in pattern
    where = pattern if is_url else str(base / pattern)
    try:
        system, path = fsspec.core.url_to_fs(where)
        found = [each for each in sorted(system.glob(path)) if system.isfile(each)]
        if not found and system.isfile(path):  # a name with a bracket in it isn't a glob
            found = [path]
    except (OSError, ValueError, ImportError) as error:
        raise RunFailed(
            f"`{pattern}` can't be looked up: {error}", "look at the address and your access to it"
        ) from error
    return [system.unstrip_protocol(each) for each in found] if is_url else found


def read_columns(path: str, columns: Sequence[ColumnPlan]) -> pa.Table:
    """Return the columns of a parquet or csv file as the schema says they are; RunFailed names what differs."""
    table = _read_csv(path, columns) if path.endswith(CSV) else _read_parquet(path, columns)
    arrays = []
    for column in columns:
        arrays.append(conform_column(table.column(column.name), column, path))
    return pa.table(arrays, names=[column.name for column in columns])


def read_pieces(path: str, columns: Sequence[ColumnPlan]) -> Iterator[pa.Table]:
    """Give the rows of a file in order, some at a time, as `read_columns` does all."""
    pieces = _csv_pieces(path, columns) if path.endswith(CSV) else _parquet_pieces(path, columns)
    for piece in pieces:
        arrays = [conform_column(piece.column(column.name), column, path) for column in columns]
        yield pa.table(arrays, names=[column.name for column in columns])


def column_names(path: str) -> list[str]:
    """Return the names of a file's columns in order; no rows are read."""
    if path.endswith(CSV):
        # A reader that is left open may end the process by its threads.
        with fsspec.open(path, "rb", compression="infer") as stream, pcsv.open_csv(stream) as reader:
            return list(reader.schema.names)
    with open_parquet(path) as file:
        return list(file.schema_arrow.names)


@contextmanager
def open_parquet(path: str, buffer: int = 0) -> Iterator[pq.ParquetFile]:
    """Open a parquet file of this machine, or of wherever its URL says.

    A read that fails leaves other columns' reads running. On a Python stream they would need the interpreter, and kill
    the process if it ends meanwhile; arrow's own files don't. Columns are read by `buffer` bytes, whole where it is 0.
    """
    if "://" not in path:
        with pq.ParquetFile(path, page_checksum_verification=True, buffer_size=buffer) as file:
            yield file
        return
    with fsspec.open(path, "rb") as stream:
        yield pq.ParquetFile(stream, page_checksum_verification=True, buffer_size=buffer)


def _read_parquet(path: str, columns: Sequence[ColumnPlan]) -> pa.Table:
    names = [column.name for column in columns]
    try:
        with open_parquet(path) as file:
            _require(path, columns, file.schema_arrow.names)
            return file.read(columns=names)
    except UNREADABLE as error:
        raise Unreadable(path, _broken_place(path, names), first_line(error)) from error


def _parquet_pieces(path: str, columns: Sequence[ColumnPlan]) -> Iterator[pa.Table]:
    names = [column.name for column in columns]
    try:
        with open_parquet(path, BUFFER) as file:
            _require(path, columns, file.schema_arrow.names)
            width = longest(file.metadata, names) // max(1, file.metadata.num_rows)  # values a row
            for batch in file.iter_batches(PIECE // max(1, width) + 1, columns=names):
                yield pa.Table.from_batches([batch])
    except UNREADABLE as error:
        raise Unreadable(path, _broken_place(path, names), first_line(error)) from error


def longest(metadata: pq.FileMetaData, names: Sequence[str]) -> int:
    """Return how many values a file has of the columns with the most in each row group."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    return sum(max(_counts(group, names), default=0) for group in groups)


def _counts(group: pq.RowGroupMetaData, names: Sequence[str]) -> Iterator[int]:
    """Give how many values each of these columns has; a list's name is the begin of its values' path."""
    for i in range(group.num_columns):
        column = group.column(i)
        if any(f"{column.path_in_schema}.".startswith(f"{name}.") for name in names):
            yield column.num_values


def _broken_place(path: str, names: Sequence[str]) -> str:
    """Return the first row group and column that can't be read; nothing if it is the file that can't be opened."""
    try:
        with open_parquet(path) as file:
            for group in range(file.num_row_groups):
                for name in names:
                    try:
                        file.read_row_group(group, columns=[name])
                    except UNREADABLE:
                        return f"row group {group} of {file.num_row_groups}, column `{name}`"
    except UNREADABLE:
        pass
    return ""


def _read_csv(path: str, columns: Sequence[ColumnPlan]) -> pa.Table:
    """Return the columns of a csv file with a header; an empty field is null, in text too."""
    with _csv(path, columns) as (stream, options):
        return pcsv.read_csv(stream, convert_options=options)


def _csv_pieces(path: str, columns: Sequence[ColumnPlan]) -> Iterator[pa.Table]:
    if any(pa.types.is_timestamp(ARROW[column.dtype]) for column in columns):
        yield _read_csv(path, columns)  # whose form is found out by looking at all of them
        return
    with _csv(path, columns) as (stream, options), pcsv.open_csv(stream, convert_options=options) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


@contextmanager
def _csv(path: str, columns: Sequence[ColumnPlan]) -> Iterator[tuple[Any, pcsv.ConvertOptions]]:  # a stream of bytes
    """Open a csv file; RunFailed if it can't be read."""
    lists = [column.name for column in columns if column.is_list]
    if lists:
        raise RunFailed(f"`{path}` is csv, which can't hold the list `{lists[0]}`", "keep this data as parquet")
    types = {column.name: ARROW[column.dtype] for column in columns}
    options = pcsv.ConvertOptions(
        column_types={name: kind for name, kind in types.items() if not pa.types.is_timestamp(kind)},
        include_columns=[column.name for column in columns],
        include_missing_columns=False,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=["", "NULL", "null", "NaN", "nan"],
    )
    try:
        _require(path, columns, column_names(path))
        with fsspec.open(path, "rb", compression="infer") as stream:
            yield stream, options
    except UNREADABLE as error:
        why = first_line(error)
        if CONVERSION not in why:
            raise Unreadable(path, "", why) from error
        raise RunFailed(
            f"`{path}` can't be read as csv: {why}", "the schema says which dtype each column has"
        ) from error


def _require(path: str, columns: Sequence[ColumnPlan], names: Sequence[str]) -> None:
    missing = [column.name for column in columns if column.name not in names]
    if missing:
        has = ", ".join(f"`{name}`" for name in names[:MORE_NAMES]) + (" …" if len(names) > MORE_NAMES else "")
        word = "column" if len(missing) == 1 else "columns"
        listed = ", ".join(f"`{name}`" for name in missing)
        raise RunFailed(f"`{path}` has no {word} {listed}", f"it has {has}; mend the file, or the schema")
    twice = [column.name for column in columns if names.count(column.name) > 1]
    if twice:
        raise several(path, twice[0])


def several(path: str, name: str) -> RunFailed:
    """Return that a file has columns of one name, so that nobody knows which is meant."""
    return RunFailed(f"`{path}` has several columns `{name}`", "write the file again with one of them")


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind if it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]
