"""Events in canonical order: by session, time, then the values of all other columns, whatever the files' order was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.plans import ColumnPlan, DataPlan, Role, WorkflowPlan
from sess.runtime.prepare.moments import is_moment
from sess.runtime.prepare.values import ranks


def file_columns(plan: WorkflowPlan) -> tuple[ColumnPlan, ...]:
    """Return the columns that are read from the files; a list that the model doesn't read is none of them."""
    return tuple(column for column in plan.columns if not column.sources and (not column.is_list or column.is_input))


def drop_homeless(table: pa.Table, data: DataPlan) -> tuple[pa.Table, dict[str, int]]:
    """Leave out events without a session or a time, and count them: nothing says where they belong.

    A number below zero, or beyond the year 9999, stands for a time that nobody knows.
    """
    dropped: dict[str, int] = {}
    for each in homeless(data):
        stays = each.stands(table.column(each.column))
        dropped[each.reason] = len(table) - (pc.sum(stays).as_py() or 0)
        table = table.filter(stays) if dropped[each.reason] else table
    return table, dropped


@dataclass(frozen=True, slots=True)
class Homeless:
    """Why an event is left out: what a column must hold, and how it is told, also where no event has it."""

    column: str
    stands: Callable[[pa.ChunkedArray], pa.ChunkedArray]
    reason: str
    everywhere: str


def homeless(data: DataPlan) -> tuple[Homeless, ...]:
    """Return why events are left out, in the order in which it is asked."""
    assert data.session is not None and data.time is not None
    session, time = data.session, data.time
    return (
        Homeless(session, _is_known, f"events without a session (`{session}`)", "null"),
        Homeless(time, _is_known, f"events without a time (`{time}`)", "null"),
        Homeless(
            time, partial(is_moment, unit=data.unit), f"events before 1970 or after 9999 (`{time}`)",
            "no time from 1970 to 9999",
        ),
    )  # fmt: skip


def _is_known(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return which values are neither null nor an infinite number or none."""
    return pc.fill_null(pc.is_finite(column), False) if pa.types.is_floating(column.type) else pc.is_valid(column)


def ordered_events(table: pa.Table, columns: Sequence[ColumnPlan], data: DataPlan) -> tuple[pa.Table, int]:
    """Return events in canonical order, and how many of them repeat another in every column."""
    session, time = ranks(table.column(data.session)), ranks(table.column(data.time))
    order = np.lexsort((time, session))
    same = np.zeros(len(order), bool)
    if len(order):
        same[1:] = (np.diff(session[order]) == 0) & (np.diff(time[order]) == 0)
    is_tied = same.copy()
    is_tied[:-1] |= same[1:]
    tied = order[is_tied]
    repeated = _order_tied(table, columns, order, is_tied, (session[tied], time[tied])) if len(tied) else 0
    return table.take(pa.array(order)), repeated


def _order_tied(
    table: pa.Table,
    columns: Sequence[ColumnPlan],
    order: NDArray[np.int64],
    is_tied: NDArray[np.bool_],
    leading: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> int:
    """Order the events that share session and time by their other values; return how many repeat another."""
    tied = order[is_tied]
    rest = [column.name for column in columns if column.role not in (Role.KEY, Role.TIME)]
    places = pa.array(tied)
    keys = [*leading, *(ranks(table.column(name).take(places)) for name in rest)]
    # Tied events lie together in `order` and stay in their group, so sorting all of them sorts each group.
    session, time, *others = keys
    inner = np.lexsort((*reversed(others), time, session))
    order[is_tied] = tied[inner]
    repeats = np.ones(len(tied) - 1, bool)
    for key in keys:
        repeats &= np.diff(key[inner]) == 0
    return int(repeats.sum())
