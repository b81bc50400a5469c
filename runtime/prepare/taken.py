"""The value that a session column takes from a session's events: the first, last, greatest, or their sum."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Role, Take, WorkflowPlan
from sess.runtime.prepare.derive import with_derived
from sess.runtime.prepare.history import History
from sess.runtime.prepare.split import Cut
from sess.runtime.prepare.values import ranks

Ints = NDArray[np.int64]


def take_values(plan: WorkflowPlan, cut: Cut) -> pa.Table:
    """Return one row a session with the session columns.

    A split's session ends where its next step would begin. What the model reads comes from the events before the last
    step wherever that step is to be predicted, so that nothing comes from the future.
    """
    has_step_target = any(column.role is Role.STEP and column.is_target for column in plan.columns)
    begins, ends = _ranges(cut)
    known = _before_last_step(cut, begins) if has_step_target else ends
    taken = {
        column.name: _take(
            column,
            cut.history.events.column(column.name),
            begins,
            known if column.is_input or column.is_source else ends,
        )
        for column in plan.columns
        if column.role is Role.SESSION and not column.sources and column.name in cut.history.events.column_names
    }
    return with_derived(plan, pa.table(taken) if taken else pa.table({}))


def count_varying(plan: WorkflowPlan, history: History) -> dict[str, int]:
    """Return how many sessions hold different values of a session column, columns without such sessions left out."""
    found: dict[str, int] = {}
    session = history.session_of_event
    same_session = np.diff(session) == 0
    for column in plan.columns:
        if column.role is Role.SESSION and not column.sources and column.name in history.events.column_names:
            changes = (np.diff(_codes(history.events.column(column.name))) != 0) & same_session
            if varying := len(np.unique(session[1:][changes])):
                found[column.name] = varying
    return found


def _codes(values: pa.ChunkedArray) -> Ints:
    """Return numbers that are equal where values are."""
    if pa.types.is_nested(values.type):
        return ranks(values)
    codes = values.combine_chunks().dictionary_encode(null_encoding="encode")
    found: Ints = codes.indices.to_numpy(zero_copy_only=False)
    return found


def _ranges(cut: Cut) -> tuple[Ints, Ints]:
    """Return the events of each session of a split, from and to."""
    history, sessions = cut.history, cut.sessions
    is_whole = cut.ends == history.offsets[sessions + 1]
    following = history.steps[np.minimum(cut.ends, len(history.steps) - 1)]
    return history.bounds[sessions], np.where(is_whole, history.bounds[sessions + 1], following)


def _before_last_step(cut: Cut, begins: Ints) -> Ints:
    """Return where the events before each session's last step end; a session always keeps its first event."""
    return np.maximum(cut.history.steps[cut.ends - 1], begins + 1)


def _take(column: ColumnPlan, values: pa.ChunkedArray, begins: Ints, ends: Ints) -> pa.Array:
    whole = values.combine_chunks()
    if column.take is Take.FIRST:
        return whole.take(pa.array(begins))
    if column.take is Take.LAST:
        return whole.take(pa.array(ends - 1))
    if not (pa.types.is_integer(whole.type) or pa.types.is_floating(whole.type)):
        raise RunFailed(
            f"`take({column.take})` of `{column.name}` needs numbers, it has `{column.dtype}`",
            "use `take(first)` or `take(last)`",
        )
    places = np.repeat(begins - np.concatenate([[0], np.cumsum(ends - begins)[:-1]]), ends - begins)
    flat = whole.take(pa.array(places + np.arange(len(places))))
    groups = pa.table({"session": np.repeat(np.arange(len(begins)), ends - begins), "value": flat})
    kind = "max" if column.take is Take.MAX else "sum"
    found = groups.group_by("session", use_threads=False).aggregate([("value", kind)]).sort_by("session")
    return pc.cast(found.column(f"value_{kind}"), whole.type).combine_chunks()
