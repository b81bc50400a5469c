"""Events in canonical order: by session, time, then the values of all other columns, whatever the files' order was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, DataPlan, Role, WorkflowPlan
from sess.runtime.prepare.files import find_files, read_columns
from sess.runtime.prepare.moments import is_moment
from sess.runtime.prepare.values import ranks
from sess.runtime.prepare.whence import require_finite

FILE = "\0file"  # no column of a schema is so called


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one source in canonical order; `ranks` has the sessions' ranks, `dropped` counts by reason."""

    table: pa.Table
    session: NDArray[np.int64]
    files: int
    repeated: int
    dropped: dict[str, int] = field(default_factory=dict)


def read_events(plan: WorkflowPlan, patterns: Sequence[str], base: Path) -> Events:
    """Return the events of all files of these patterns, those without a session or a time left out and counted."""
    data = plan.data
    assert data.session is not None and data.time is not None
    columns = file_columns(plan)
    table, files, dropped = read_tables(patterns, base, columns)
    table, homeless = _drop_homeless(table, data)
    table = pa.table(
        [column.combine_chunks() for column in table.columns], names=table.column_names
    )  # one chunk a column, so that take is fast
    session, order, repeated = _order(table, columns, data)
    return Events(table.take(pa.array(order)), session[order], files, repeated, dropped | homeless)


def read_tables(
    patterns: Sequence[str], base: Path, columns: Sequence[ColumnPlan]
) -> tuple[pa.Table, int, dict[str, int]]:
    """Return the rows of all files that match, each file once, the number of files, and how many of them are empty."""
    paths = dict.fromkeys(path for pattern in patterns for path in find_files(pattern, base))
    tables = []
    for path in paths:
        table = read_columns(path, columns)
        for column in columns:
            require_finite(table.column(column.name), column, path)
        tables.append(table)
    empty = sum(not len(table) for table in tables)
    return pa.concat_tables(tables), len(tables), {"files without rows": empty} if empty else {}


def file_columns(plan: WorkflowPlan) -> tuple[ColumnPlan, ...]:
    """Return the columns that are read from the files; a list that the model doesn't read is none of them."""
    return tuple(column for column in plan.columns if not column.sources and (not column.is_list or column.is_input))


def _drop_homeless(table: pa.Table, data: DataPlan) -> tuple[pa.Table, dict[str, int]]:
    """Leave out events without a session or a time: nothing says where they belong.

    A number below zero, or beyond the year 9999, stands for a time that nobody knows.
    """
    dropped: dict[str, int] = {}
    rows = len(table)
    for name, reason, stands in (
        (data.session, "without a session", _is_known),
        (data.time, "without a time", _is_known),
        (data.time, "before 1970 or after 9999", lambda column: is_moment(column, data.unit)),
    ):
        stays = stands(table.column(name))
        lost = len(table) - (pc.sum(stays).as_py() or 0)
        if lost:
            dropped[f"events {reason} (`{name}`)"] = lost
            table = table.filter(stays)
        if rows and not len(table):
            what = "null" if stands is _is_known else "no time from 1970 to 9999"
            raise RunFailed(f"`{name}` is {what} in every event", "look at the column that `rows = events(…)` names")
    return table, dropped


def _is_known(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return which values are neither null nor an infinite number or none."""
    return pc.fill_null(pc.is_finite(column), False) if pa.types.is_floating(column.type) else pc.is_valid(column)


def _order(
    table: pa.Table, columns: Sequence[ColumnPlan], data: DataPlan
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return the ranks of the sessions, the canonical order, and how many events repeat another in every column."""
    session, time = ranks(table.column(data.session)), ranks(table.column(data.time))
    order = np.lexsort((time, session))
    same = np.zeros(len(order), bool)
    if len(order):
        same[1:] = (np.diff(session[order]) == 0) & (np.diff(time[order]) == 0)
    is_tied = same.copy()
    is_tied[:-1] |= same[1:]
    tied = order[is_tied]
    if not len(tied):
        return session, order, 0
    rest = [column.name for column in columns if column.role not in (Role.KEY, Role.TIME)]
    places = pa.array(tied)
    keys = [ranks(table.column(name).take(places)) for name in rest]
    # Tied events lie together in `order` and stay in their group, so sorting all of them sorts each group.
    inner = np.lexsort((*reversed(keys), time[tied], session[tied]))
    order[is_tied] = tied[inner]
    sorted_keys = [session[tied][inner], time[tied][inner], *(key[inner] for key in keys)]
    repeats = np.ones(max(0, len(tied) - 1), bool)
    for key in sorted_keys:
        repeats &= np.diff(key) == 0
    return session, order, int(repeats.sum())
