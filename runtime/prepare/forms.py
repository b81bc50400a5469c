"""The two forms of rows, events and whole sessions: how rows of either are cleaned, ordered and divided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Rows, WorkflowPlan
from sess.runtime.prepare.derive import with_derived
from sess.runtime.prepare.events import drop_homeless, file_columns, homeless, ordered_events
from sess.runtime.prepare.explode import divided_rows, drop_empty, ordered_rows, row_columns
from sess.runtime.prepare.history import History, history_of
from sess.runtime.prepare.times import with_every_time


@dataclass(frozen=True, slots=True)
class Form:
    """How rows become sessions: `clean` leaves out what belongs to none and counts it, `order` brings rows into the
    canonical order and counts those that repeat another, `divide` makes sessions of ordered rows.

    Rows of one `key` belong together, and rows of a lesser key stand before those of a greater one; None where nothing
    but all values of a row says where it stands.
    """

    columns: tuple[ColumnPlan, ...]
    key: ColumnPlan | None
    clean: Callable[[pa.Table], tuple[pa.Table, dict[str, int]]]
    order: Callable[[pa.Table], tuple[pa.Table, int]]
    divide: Callable[[pa.Table], History]
    refuse: Callable[[int, dict[str, int]], None]
    """Raise RunFailed where of so many rows so many were left out that something is wrong."""


def form_of(plan: WorkflowPlan) -> Form:
    """Return the form of a plan's rows."""
    key = next((column for column in plan.columns if column.name == plan.data.session), None)
    if plan.data.rows is Rows.SESSIONS:
        columns = row_columns(plan)
        return Form(
            columns, key, partial(drop_empty, plan=plan), partial(ordered_rows, plan=plan),
            lambda rows: _completed(plan, divided_rows(plan, rows)), lambda rows, dropped: None,
        )  # fmt: skip
    columns = file_columns(plan)
    return Form(
        columns, key, partial(drop_homeless, data=plan.data),
        partial(ordered_events, columns=columns, data=plan.data),
        lambda events: _completed(plan, history_of(plan, events)), partial(_refuse_homeless, plan),
    )  # fmt: skip


def _completed(plan: WorkflowPlan, history: History) -> History:
    """Return a history with a time at every step, and with the derived columns."""
    return with_every_time(plan, history).changed(lambda table: with_derived(plan, table))


def _refuse_homeless(plan: WorkflowPlan, rows: int, dropped: dict[str, int]) -> None:
    for each in homeless(plan.data):
        lost = dropped.get(each.reason, 0)
        if lost and lost == rows:
            message = f"`{each.column}` is {each.everywhere} in every event"
            raise RunFailed(message, "look at the column that `rows = events(…)` names")
        rows -= lost
