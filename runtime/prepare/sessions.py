"""Some sessions of a history as they are prepared: from rows of the workflow's columns to what training reads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sess.compiler.plans import Role, WorkflowPlan
from sess.runtime.prepare.columns import Arrow, Own
from sess.runtime.prepare.derive import values_of
from sess.runtime.prepare.moments import MICROSECONDS
from sess.runtime.prepare.prepared import Array, Sessions
from sess.runtime.prepare.split import Cut
from sess.runtime.prepare.values import numbers, own_values, to_raw
from sess.runtime.steps.transform import seconds

LATEST = 2**61  # microseconds, 73,000 years: so that differences of two fit in 64 bits


def rows_of(cut: Cut, places: Array, taken: pa.Table, rows: Array, names: list[str]) -> pa.Table:
    """Return flat rows of the workflow's columns: a step each, with the values that its session takes."""
    history = cut.history
    steps = pa.array(history.steps[places])
    chosen = pa.array(rows)
    return pa.table(
        {
            name: taken.column(name).take(chosen)
            if name in taken.column_names
            else history.events.column(name).take(steps)
            for name in names
        }
    )


def sessions_of(
    plan: WorkflowPlan, cut: Cut, taken: pa.Table, steps: Mapping[str, Array], session: Mapping[str, Array]
) -> Sessions:
    """Return a split: prepared values of what the model reads or predicts, raw ones of what requests name."""
    events = cut.history.events
    flat = pa.array(cut.history.steps[cut.places])
    prepared_steps: dict[str, Array] = {}
    raw_steps: dict[str, Arrow] = {}
    for column in plan.columns:
        if column.role is Role.KEY or column.name in taken.column_names or column.name not in events.column_names:
            continue
        if column.role is Role.STEP and column.group != plan.group:
            continue
        is_item = column.name == plan.data.item
        is_read = column.is_input or column.is_target
        if (is_read or is_item or column.is_source) and not column.sources:
            raw_steps[column.name] = own_values(column, events.column(column.name).take(flat))
        if column.name in steps and (is_read or is_item):
            prepared_steps[column.name] = steps[column.name]
        elif is_read and column.unit is not None:
            prepared_steps[column.name] = seconds(to_raw(events.column(column.name).take(flat)), column.unit)
        elif is_read and column.width is not None:
            prepared_steps[column.name] = to_raw(raw_steps[column.name]).astype(np.float32)
        elif is_read:
            prepared_steps[column.name] = numbers(events.column(column.name).take(flat))
    prepared = {
        name: session[name] for name in taken.column_names if name in session
    }  # fmt: skip
    raw: dict[str, Arrow] = {
        column.name: values_of(column, values) if column.sources else own_values(column, values)
        for column in plan.columns
        if column.name in taken.column_names and (values := taken.column(column.name)) is not None
    }
    prepared |= {
        column.name: to_raw(raw[column.name]).astype(np.float32)
        for column in plan.columns
        if column.width is not None and column.is_input and column.name in raw
    }
    keys = to_raw(cut.history.keys.take(pa.array(cut.sessions)))
    ended = _ended(plan, cut)
    own = {"key": keys} if ended is None else {"key": keys, "ended": ended}
    return Sessions(cut.offsets, prepared_steps, prepared, Own.of(raw_steps), Own.of(raw), own)


def _ended(plan: WorkflowPlan, cut: Cut) -> NDArray[np.int64] | None:
    """Return when each session's last step was, in microseconds; None where the events have no time."""
    data, events = plan.data, cut.history.events
    if data.time is None or data.time not in events.column_names:
        return None
    time = events.column(data.time).take(pa.array(cut.history.steps[cut.ends - 1]))
    if pa.types.is_timestamp(time.type):
        ended = time.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
        return np.asarray(np.clip(ended, -LATEST, LATEST))
    return np.asarray(time.to_numpy().astype(np.float64) * MICROSECONDS[data.unit]).astype(np.int64)
