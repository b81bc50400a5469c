"""Times of steps: what stands for one that is null."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sess.compiler.plans import Role, WorkflowPlan
from sess.runtime.prepare.history import History

Ints = NDArray[np.int64]


def with_every_time(plan: WorkflowPlan, history: History) -> History:
    """Return the history in which a step whose time is null has the one before it, or else the next of its session.

    A request can't hold a null, and 1970 would be decades away from the other steps. Only columns that the model reads
    as times are filled; a session without any time keeps its nulls. `filled` counts by column.
    """
    filled: dict[str, int] = {}
    for column in plan.columns:
        if column.unit is None or column.sources or column.role is Role.SESSION:
            continue
        group = next((name for name, other in history.others.items() if other.has(column.name)), None)
        part = history if group is None else history.others[group]
        if column.name not in part.events.column_names:
            continue
        places = _neighbours(part.events.column(column.name).take(pa.array(part.steps)), part.offsets)
        if count := int((places != np.arange(len(places))).sum()):
            filled[column.name] = count
            events = _put(part.events, column.name, part.steps, part.steps[places])
            if group is None:
                history = replace(history, events=events)
            else:
                others = {**history.others, group: replace(history.others[group], events=events)}
                history = replace(history, others=others)
    return replace(history, filled=filled)


def _neighbours(values: pa.ChunkedArray, offsets: Ints) -> Ints:
    """Return for each step the step whose value it gets: itself where it has one or no step of its session does."""
    here = np.arange(len(values))
    is_valid = values.is_valid().to_numpy()
    session = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    begin, end = offsets[session], offsets[session + 1]
    before = np.maximum.accumulate(np.where(is_valid, here, -1))
    behind = np.minimum.accumulate(np.where(is_valid, here, len(values))[::-1])[::-1]
    found: Ints = np.where(before >= begin, before, np.where(behind < end, behind, here))
    return found


def _put(events: pa.Table, name: str, places: Ints, sources: Ints) -> pa.Table:
    """Return the events with a column's values at some places replaced by those at others."""
    chosen = np.arange(len(events))
    chosen[places] = sources
    index = events.column_names.index(name)
    return events.set_column(index, name, events.column(name).take(pa.array(chosen)))
