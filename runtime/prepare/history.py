"""Events divided into sessions: where each begins, and which of its events are steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.plans import DataPlan, Role, WorkflowPlan
from sess.runtime.prepare.groups import GroupHistory, other_groups, step_events
from sess.runtime.prepare.moments import MICROSECONDS

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class History:
    """The sessions of one source.

    `bounds` (S+1,) divide the events; `steps` (N,) are the events that are steps, divided by `offsets` (S+1,);
    `keys` (S,) are the user's own ids of the sessions; `dropped` counts by reason, also what there is none of, `filled`
    the times by column that stand where the data has none.
    """

    events: pa.Table
    bounds: Ints
    steps: Ints
    offsets: Ints
    keys: pa.Array
    dropped: dict[str, int]
    others: Mapping[str, GroupHistory] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of sessions."""
        return len(self.bounds) - 1

    @property
    def session_of_event(self) -> Ints:
        """The session's number of every event."""
        return np.repeat(np.arange(self.count), np.diff(self.bounds))

    def changed(self, change: Callable[[pa.Table], pa.Table]) -> History:
        """Return the history with its events changed row by row, those of every group."""
        others = {group: replace(each, events=change(each.events)) for group, each in self.others.items()}
        return replace(self, events=change(self.events), others=others)

    def values(self, column: str) -> pa.ChunkedArray:
        """Return all values of a column, of whatever group."""
        tables = (self.events, *(other.events for other in self.others.values()))
        return next(table for table in tables if column in table.column_names).column(column)


def history_of(plan: WorkflowPlan, events: pa.Table) -> History:
    """Return the sessions of events in canonical order: cut at `idle`, repeated items left out by `dedupe`."""
    data = plan.data
    session = events.column(data.session)
    starts = np.ones(len(events), bool)
    starts[1:] = pc.not_equal(session[1:], session[:-1]).to_numpy()
    if data.idle is not None:
        starts[1:] |= _is_pause(events.column(data.time), data, data.idle)
    begins = np.flatnonzero(starts)
    bounds = np.append(begins, len(starts)).astype(np.int64)
    is_step = step_events(plan, events, plan.group)
    groups = dict.fromkeys(column.group for column in plan.columns if column.role is Role.STEP)
    is_any = np.logical_or.reduce([is_step, *(step_events(plan, events, group) for group in groups)])
    dropped = {"events that are no step: every column of the steps is null": int((~is_any).sum())}
    if data.dedupe:
        again = _is_again(events.column(data.item), starts, is_step)
        dropped[f"events that repeat the item before (`{data.item}`)"] = int(again.sum())
        is_step &= ~again
    keys = session.take(pa.array(begins)).combine_chunks()
    history = divided(events, bounds, is_step, keys, dropped)
    return replace(history, others=other_groups(plan, events, bounds, history.steps))


def divided(
    events: pa.Table, bounds: Ints, is_step: NDArray[np.bool_], keys: pa.Array, dropped: dict[str, int]
) -> History:
    """Return the history of events between bounds."""
    counted = np.concatenate([[0], np.cumsum(is_step)])
    return History(events, bounds, np.flatnonzero(is_step), counted[bounds], keys, dropped)


def _is_pause(time: pa.ChunkedArray, data: DataPlan, idle: int) -> NDArray[np.bool_]:
    """Return which events but the first come more than `idle` microseconds after the one before."""
    if pa.types.is_timestamp(time.type):
        time, longest = time.cast(pa.int64()), float(idle)
    else:
        longest = idle / MICROSECONDS[data.unit]
    times = time.to_numpy()
    return np.asarray(later_by(times[1:], times[:-1]) > longest)


def later_by(late: NDArray[Any], early: NDArray[Any]) -> NDArray[np.float64]:
    """Return how much later times are than earlier ones, also where 64 bits can't hold the difference."""
    if late.dtype.kind == "i":  # modulo 2**64 the difference is exact
        late, early = late.astype(np.uint64), early.astype(np.uint64)
    return np.asarray((late - early).astype(np.float64))


def _is_again(items: pa.ChunkedArray, starts: NDArray[np.bool_], is_step: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which steps have the item of the step before them in their session."""
    steps = np.flatnonzero(is_step)
    session = np.cumsum(starts)[steps]
    column = items.combine_chunks().take(pa.array(steps))
    same = pc.fill_null(pc.equal(column[1:], column[:-1]), False).to_numpy(zero_copy_only=False)
    found = np.zeros(len(starts), bool)
    found[steps[1:]] = same & (np.diff(session) == 0)
    return found
