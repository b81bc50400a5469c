"""Rows that are sessions, as events: a row's lists side by side, its other columns repeated for every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Role, WorkflowPlan
from sess.runtime.prepare.groups import GroupHistory
from sess.runtime.prepare.history import History, divided
from sess.runtime.prepare.values import ranks

Ints = NDArray[np.int64]


def drop_empty(table: pa.Table, plan: WorkflowPlan) -> tuple[pa.Table, dict[str, int]]:
    """Leave out rows without a key or an item, and places that hold nothing; count them."""
    table, dropped = _drop_empty(table, plan)
    return _drop_padding(table, plan, dropped)


def ordered_rows(table: pa.Table, plan: WorkflowPlan) -> tuple[pa.Table, int]:
    """Return rows in the order of their keys, then of what they hold, and how many repeat another in every column."""
    columns = row_columns(plan)
    order, repeated = _order(table, columns, _lists(columns), plan.data.session)
    return table.take(pa.array(order)), repeated


def divided_rows(plan: WorkflowPlan, table: pa.Table) -> History:
    """Return the sessions of ordered rows."""
    columns = row_columns(plan)
    lists = _lists(columns)
    groups = {column.name: column.group for column in columns if column.is_list}
    predicted = [name for name in lists if groups[name] == plan.group]
    lengths = _lengths(table, predicted, plan.data.item)
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    row = pa.array(np.repeat(np.arange(len(table)), lengths))
    flat = {
        name: _flat(table.column(name)) if name in lists else table.column(name).take(row)
        for name in table.column_names
        if name not in lists or name in predicted
    }
    key = table.column(plan.data.session).combine_chunks() if plan.data.session else pa.array(np.arange(len(table)))
    history = divided(pa.table(flat), bounds, np.ones(int(bounds[-1]), bool), key, {})
    others = {each.group: [name for name in lists if groups[name] == each.group] for each in plan.lengths}
    return replace(history, others={group: _other(table, names, lengths) for group, names in others.items()})


def _other(table: pa.Table, names: Sequence[str], lengths: Ints) -> GroupHistory:
    """Return another group's steps. Lists have no times, so that all of them count as before each predicted step."""
    own = _lengths(table, names, names[0])
    offsets = np.concatenate([[0], np.cumsum(own)]).astype(np.int64)
    flat = pa.table({name: _flat(table.column(name)) for name in names})
    return GroupHistory(frozenset(names), flat, np.arange(offsets[-1]), offsets, np.repeat(own, lengths))


def row_columns(plan: WorkflowPlan) -> tuple[ColumnPlan, ...]:
    """Return the columns that are read: of the steps, of the session, and other lists that the model reads."""
    return tuple(
        column
        for column in plan.columns
        if not column.sources and (not column.is_list or column.is_input or _is_step(column))
    )


def _lists(columns: Sequence[ColumnPlan]) -> list[str]:
    return [column.name for column in columns if column.is_list and _is_step(column)]


def _is_step(column: ColumnPlan) -> bool:
    return column.role in (Role.STEP, Role.TIME)


def _drop_empty(table: pa.Table, plan: WorkflowPlan) -> tuple[pa.Table, dict[str, int]]:
    """Leave out rows without a key, and rows whose list of items is null or empty."""
    dropped: dict[str, int] = {}
    if plan.data.session is not None:
        stays = pc.is_valid(table.column(plan.data.session))
        lost = len(table) - (pc.sum(stays).as_py() or 0)
        dropped[f"rows without a session (`{plan.data.session}`)"] = lost
        table = table.filter(stays) if lost else table
    stays = pc.greater(pc.fill_null(pc.list_value_length(table.column(plan.data.item)), 0), 0)
    lost = len(table) - (pc.sum(stays).as_py() or 0)
    dropped[f"rows without a step (`{plan.data.item}`)"] = lost
    return (table.filter(stays) if lost else table), dropped


def _drop_padding(table: pa.Table, plan: WorkflowPlan, dropped: dict[str, int]) -> tuple[pa.Table, dict[str, int]]:
    """Leave out places of rows where every step column of a group is null, on whichever side: no event is there."""
    lost, item = 0, plan.data.item
    lists = [each for each in plan.columns if each.is_list and _is_step(each) and each.name in table.column_names]
    for group in dict.fromkeys(column.group for column in lists):
        names = [column.name for column in lists if column.group == group]
        steps = [column.name for column in lists if column.group == group and column.role is Role.STEP]
        if not steps:
            continue
        lengths = _lengths(table, names, item if item in names else names[0])
        flat = {name: _flat(table.column(name)) for name in names}
        if any(not flat[name].null_count for name in steps):
            continue
        holds = np.any([flat[name].is_valid().to_numpy(zero_copy_only=False) for name in steps], axis=0)
        if holds.all():
            continue
        lost += int((~holds).sum())
        kept = np.bincount(np.repeat(np.arange(len(table)), lengths)[holds], minlength=len(table))
        offsets = pa.array(np.concatenate([[0], np.cumsum(kept)]).astype(np.int64))
        for name in names:
            values = pa.LargeListArray.from_arrays(offsets, flat[name].filter(pa.array(holds)))
            table = table.set_column(table.column_names.index(name), name, values)
    counts = dropped | {"places of rows that hold no event": lost}
    if not lost:
        return table, counts
    table, empty = _drop_empty(table, plan)
    return table, counts | {key: dropped[key] + count for key, count in empty.items()}


def _lengths(table: pa.Table, lists: Sequence[str], item: str) -> Ints:
    """Return the number of steps of every row; RunFailed if the lists of a row differ in length."""
    found: Mapping[str, Ints] = {
        name: pc.fill_null(pc.list_value_length(table.column(name)), 0).to_numpy().astype(np.int64) for name in lists
    }
    for name, lengths in found.items():
        differs = np.flatnonzero(lengths != found[item])
        if len(differs):
            at = differs[0]
            values = table.column(item)[int(at)].as_py()[:5]
            raise RunFailed(
                f"a row has {found[item][at]} steps of `{item}` and {lengths[at]} of `{name}`: it begins with {values}",
                "every list of the steps has one value a step",
            )
    return found[item]


def _order(
    table: pa.Table, columns: Sequence[ColumnPlan], lists: Sequence[str], session: str | None
) -> tuple[Ints, int]:
    """Return the canonical order of the rows, and how many repeat another in every column."""
    scalars = [column.name for column in columns if column.name not in lists and column.name != session]
    names = ([session] if session is not None else []) + scalars
    keys = [ranks(table.column(name)) for name in names] or [np.zeros(len(table), np.int64)]
    order = np.lexsort(tuple(reversed(keys)))
    same = np.zeros(len(order), bool)
    if len(order):
        same[1:] = np.all([np.diff(key[order]) == 0 for key in keys], axis=0)
    is_tied = same.copy()
    is_tied[:-1] |= same[1:]
    tied = order[is_tied]
    if not len(tied):
        return order, 0
    places = pa.array(tied)
    contents = list(zip(*(_sortable(table.column(name).take(places)) for name in lists), strict=True))
    group = np.cumsum(~same)[is_tied]
    inner = sorted(range(len(tied)), key=lambda i: (group[i], contents[i]))
    order[is_tied] = tied[inner]
    repeated = sum(group[a] == group[b] and contents[a] == contents[b] for a, b in pairwise(inner))
    return order, int(repeated)


def _sortable(column: pa.ChunkedArray) -> list[tuple[tuple[bool, object], ...]]:
    """Return lists as tuples that sort, nulls first; a list of lists by theirs."""
    return [_key(values or ()) for values in column.to_pylist()]


def _key(values: Sequence[object]) -> tuple[tuple[bool, object], ...]:
    return tuple((value is not None, _key(value) if isinstance(value, list) else value) for value in values)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pc.list_flatten(column.combine_chunks())
