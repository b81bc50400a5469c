"""What the footers of the data files say against the plan: files, columns, dtypes and rows, before any row is read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from sess.compiler.backend import DataFault, Fault
from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Role, Rows, WorkflowPlan
from sess.compiler.similar import closest, listing
from sess.runtime.prepare.conform import conform_column
from sess.runtime.prepare.files import CSV, RELATIVE, UNREADABLE, first_line, look_up, open_parquet, several


@dataclass(frozen=True, slots=True)
class Footer:
    """A file's columns by name, and whether it has rows; a type is None in csv, which tells nothing but names.

    `twice` are names that several columns have.
    `counts` are, of the lists of each row group, how many there are and how many values they hold, by column.
    """

    file: str
    types: Mapping[str, pa.DataType | None]
    twice: frozenset[str]
    has_rows: bool
    counts: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


def inspect(plan: WorkflowPlan, base: Path) -> tuple[DataFault, ...]:
    """Return all that is wrong with the files that `data` names, by key, then by column in schema order."""
    data = plan.data
    columns = [column for column in plan.columns if not column.sources and _is_read(column, data.rows)]
    found: list[DataFault] = []
    for key, patterns in (("train", data.train), ("valid", data.valid), ("test", data.test)):
        found += _of_key(key, patterns, columns, base)
    if data.catalogue is not None:
        item = next(column for column in plan.columns if column.name == data.item)
        others = [column for column in plan.catalogue if column.name != item.name]
        found += _of_key("catalogue", (data.catalogue,), (replace(item, is_list=False), *others), base)
    return tuple(found)


def _is_read(column: ColumnPlan, rows: Rows) -> bool:
    """Whether the preparation reads it: every value beside the lists, and the lists that are steps or used."""
    is_steps = rows is Rows.SESSIONS and column.role in (Role.STEP, Role.TIME)
    return not column.is_list or is_steps or column.is_input or column.is_target


def _of_key(key: str, patterns: Sequence[str], columns: Sequence[ColumnPlan], base: Path) -> Iterator[DataFault]:
    rows, is_whole = False, True
    for pattern in patterns:
        footers: list[Footer] = []
        try:
            paths = look_up(pattern, base)
            if not paths:
                raise RunFailed(f"no file matches `{pattern}`", RELATIVE)
        except RunFailed as error:
            is_whole = False
            yield DataFault(Fault.NO_FILE, key, pattern, error.message, (error.help,))
            continue
        for path in paths:
            try:
                footers.append(_read(path, base))
            except UNREADABLE as error:
                is_whole = False
                kind = "csv" if path.endswith(CSV) else "parquet"
                message = f"`{shown(path, base)}` can't be read as {kind}: {first_line(error)}"
                yield DataFault(Fault.UNREADABLE, key, pattern, message, ("write the file again",))
        rows = rows or any(footer.has_rows for footer in footers)
        names = [column.name for column in columns]
        for column in columns:
            yield from _of_column(column, names, footers, key, pattern)
    if patterns and is_whole and not rows:
        yield DataFault(Fault.NO_ROWS, key, patterns[0], f"the files of `{key}` have no rows")


def _of_column(
    column: ColumnPlan, known: Sequence[str], footers: Sequence[Footer], key: str, pattern: str
) -> Iterator[DataFault]:
    """Yield that files lack a column, and that files hold it as something else: each once, with the first of them."""
    lacking = [footer for footer in footers if column.name not in footer.types]
    if lacking:
        others = [name for name in lacking[0].types if name not in known]
        near = closest(column.name, others)
        renamed = f"the file has {listing(near)}, which the schema doesn't: was the column renamed?"
        has = f"the file has {listing(lacking[0].types)}; mend the file, or the schema"
        message = f"`{lacking[0].file}` has no column `{column.name}`{_more(len(lacking), len(footers))}"
        yield DataFault(Fault.NO_COLUMN, key, pattern, message, (renamed if near else has,), column.name)
    differing = [(footer, failure) for footer in footers if (failure := _failure(column, footer)) is not None]
    if differing:
        message = f"{differing[0][1].message}{_more(len(differing), len(footers))}"
        yield DataFault(Fault.WRONG_DTYPE, key, pattern, message, (differing[0][1].help,), column.name)


def _failure(column: ColumnPlan, footer: Footer) -> RunFailed | None:
    """Return what reading the column would fail with by its type alone; None if it wouldn't."""
    if column.name not in footer.types:
        return None
    if column.name in footer.twice:
        return several(footer.file, column.name)
    found = footer.types[column.name]
    if found is None:
        message = f"`{footer.file}` is csv, which can't hold the list `{column.name}`"
        return RunFailed(message, "keep this data as parquet") if column.is_list else None
    try:
        conform_column(pa.chunked_array([pa.array([], found)]), column, footer.file)
    except RunFailed as failure:
        return failure
    return None if column.width is None or column.is_nested else _width_failure(column, column.width, footer)


def _width_failure(column: ColumnPlan, width: int, footer: Footer) -> RunFailed | None:
    """Return that lists can't all be vectors of so many numbers: by their type, or by how many numbers there are.

    A null or empty list counts as one number, so that a row lacks all or none of `width - 1`.
    """
    kind, found = footer.types[column.name], None
    if kind is not None and pa.types.is_fixed_size_list(kind) and kind.list_size != width:
        found = f"lists of {kind.list_size}"
    for rows, numbers in footer.counts.get(column.name, ()):
        lacking = rows * width - numbers
        if found is None and (lacking < 0 or (lacking % (width - 1) if width > 1 else lacking)):
            found = f"{numbers:,} numbers in {rows:,} rows"
    if found is None:
        return None
    message = f"`{column.name}` of `{footer.file}` is {found}, the schema says lists of {width}"
    return RunFailed(message, "mend the schema if the data is right, the file if it isn't")


def _more(count: int, among: int) -> str:
    """Return how many files it is, where they are several and disagree or all are so."""
    if among == 1:
        return ""
    return f"; so it is in all {among} files" if count == among else f"; so it is in {count} of {among} files"


def _read(path: str, base: Path) -> Footer:
    name = shown(path, base)
    if path.endswith(CSV):
        # A reader that is left open may end the process by its threads.
        with fsspec.open(path, "rb", compression="infer") as stream, pcsv.open_csv(stream) as reader:
            has_rows = any(batch.num_rows for batch in reader)
            names = reader.schema.names
            return Footer(name, dict.fromkeys(names), _twice(names), has_rows)
    with open_parquet(path) as file:
        types = {each.name: each.type for each in file.schema_arrow}
        twice = _twice(file.schema_arrow.names)
        return Footer(name, types, twice, file.metadata.num_rows > 0, _counts(file.metadata))


def _twice(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def _counts(metadata: pq.FileMetaData) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the rows and the values of each list column, row group by row group."""
    found: dict[str, list[tuple[int, int]]] = {}
    for group in range(metadata.num_row_groups):
        part = metadata.row_group(group)
        for leaf in range(part.num_columns):
            chunk = part.column(leaf)
            name, _, inner = chunk.path_in_schema.partition(".")
            if inner:
                found.setdefault(name, []).append((part.num_rows, chunk.num_values))
    return {name: tuple(each) for name, each in found.items()}


def shown(path: str, base: Path) -> str:
    """Return a path below the spec's folder as the spec would write it."""
    folder = os.path.abspath(base)  # noqa: PTH100 - what fsspec gives is made absolute, links are not followed
    return os.path.relpath(path, folder) if path.startswith(f"{folder}{os.sep}") else path
