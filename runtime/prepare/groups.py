"""Groups of steps beside the predicted one: which events they have, and how many came before each predicted step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.plans import ColumnPlan, Role, WorkflowPlan
from sess.runtime.prepare.columns import Own
from sess.runtime.prepare.prepared import Array, OtherSteps
from sess.runtime.prepare.values import numbers, own_values, raw_values, to_raw
from sess.runtime.steps.transform import seconds

if TYPE_CHECKING:
    from sess.runtime.prepare.split import Cut
    from sess.runtime.prepare.workflow import ColumnWork

Ints = NDArray[np.int64]
Transformed = Callable[[pa.Table], Mapping[str, Array]]


@dataclass(frozen=True, slots=True)
class GroupHistory:
    """A group's steps: places (M,) in `events`, divided by `offsets` (S+1,) into the sessions of the history.

    `before` (N,) has for each predicted step how many of its session's steps here came before its time.
    """

    columns: frozenset[str]
    events: pa.Table
    steps: Ints
    offsets: Ints
    before: Ints

    def has(self, column: str) -> bool:
        """Whether a column is of this group."""
        return column in self.columns

    def ranges(self, cut: Cut) -> tuple[Ints, Ints]:
        """Return the steps, from and to, of each session of a split: they end where its next step would begin."""
        first, last = self.offsets[cut.sessions], self.offsets[cut.sessions + 1]
        is_whole = cut.ends == cut.history.offsets[cut.sessions + 1]
        following = np.minimum(cut.ends, max(0, len(self.before) - 1))
        return first, np.where(is_whole, last, first + self.before[following]) if len(self.before) else last

    def rows(self, cut: Cut) -> Ints:
        """Return the places of a split's steps in `events`."""
        first, end = self.ranges(cut)
        offsets = _divided(end - first)
        rows: Ints = self.steps[np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], end - first)]
        return rows


def step_events(plan: WorkflowPlan, table: pa.Table, group: str) -> NDArray[np.bool_]:
    """Return which events have a value in one of a group's columns; a time that all groups share makes no step."""
    found = np.zeros(len(table), bool)
    for column in plan.columns:
        if column.role is Role.STEP and column.group == group and column.name in table.column_names:
            found |= pc.is_valid(table.column(column.name)).to_numpy()
    return found


def other_groups(plan: WorkflowPlan, table: pa.Table, bounds: Ints, steps: Ints) -> dict[str, GroupHistory]:
    """Return the other groups that the model reads; `bounds` divide the events, `steps` are the predicted ones."""
    found: dict[str, GroupHistory] = {}
    if not plan.lengths:
        return found
    session = np.searchsorted(bounds, steps, side="right") - 1
    same_time = _first_of_the_time(table.column(plan.data.time), bounds)[steps]
    for length in plan.lengths:
        is_step = step_events(plan, table, length.group)
        counted = np.concatenate([[0], np.cumsum(is_step)]).astype(np.int64)
        before = counted[same_time] - counted[bounds[session]]
        names = frozenset(each.name for each in plan.columns if each.role is Role.STEP and each.group == length.group)
        found[length.group] = GroupHistory(names, table, np.flatnonzero(is_step), counted[bounds], before)
    return found


def _first_of_the_time(time: pa.ChunkedArray, bounds: Ints) -> Ints:
    """Return for each event the first one of its session that has its time."""
    codes = time.combine_chunks().dictionary_encode().indices.to_numpy()
    begins = np.ones(len(codes), bool)
    begins[1:] = np.diff(codes) != 0
    begins[bounds[:-1]] = True
    first: Ints = np.maximum.accumulate(np.where(begins, np.arange(len(codes)), 0))
    return first


def part_of(plan: WorkflowPlan, group: str) -> WorkflowPlan:
    """Return the part of a plan whose rows are a group's steps; the sessions go with the predicted group."""
    names = {column.name for column in plan.columns if _place(plan, column) == group}
    sources = {source for column in plan.columns if column.name in names for source in column.sources} - names
    columns = tuple(
        replace(column, ops=(), domain=None) if column.name in sources else column
        for column in plan.columns
        if column.name in names | sources
    )
    domains = (replace(each, columns=tuple(name for name in each.columns if name in names)) for each in plan.domains)
    return replace(plan, columns=columns, domains=tuple(domain for domain in domains if domain.columns))


def _place(plan: WorkflowPlan, column: ColumnPlan) -> str:
    return column.group if column.role is Role.STEP else plan.group


@dataclass(frozen=True, slots=True)
class GroupWork:
    """The fitted workflows: one of the predicted group's steps and the sessions, one of each other group's steps."""

    plan: WorkflowPlan
    works: Mapping[str, ColumnWork]

    def statistics(self, column: str) -> tuple[float, float | None]:
        """Return mean and standard deviation of the training split."""
        group = next(_place(self.plan, each) for each in self.plan.columns if each.name == column)
        return self.works[group].statistics(column)

    def save(self, folder: Path) -> None:
        """Write NVTabular's own form of each."""
        for group, work in self.works.items():
            work.save(folder if group == self.plan.group else folder / f"group.{group}")

    def others(self, cut: Cut) -> dict[str, OtherSteps]:
        """Return a split's steps of the other groups."""
        return other_steps(self.plan, cut, {group: work.transform for group, work in self.works.items()})


def other_steps(plan: WorkflowPlan, cut: Cut, transforms: Mapping[str, Transformed]) -> dict[str, OtherSteps]:
    """Return a split's steps of the other groups, prepared by each group's own transform."""
    found: dict[str, OtherSteps] = {}
    for group, history in cut.history.others.items():
        events = history.events.take(pa.array(history.rows(cut)))
        made = transforms[group](events) if group in transforms else {}
        columns = [each for each in plan.columns if each.role is Role.STEP and each.group == group]
        read = [column for column in columns if column.is_input]
        asked = [column for column in columns if (column.is_input or column.is_source) and not column.sources]
        first, end = history.ranges(cut)
        found[group] = OtherSteps(
            _divided(end - first),
            {column.name: _prepared(column, events, made) for column in read},
            Own.of({column.name: own_values(column, events.column(column.name)) for column in asked}),
            history.before[cut.places],
        )
    return found


def _prepared(column: ColumnPlan, events: pa.Table, made: Mapping[str, Array]) -> Array:
    if column.name in made:
        return made[column.name]
    values = events.column(column.name)
    if column.width is not None:
        return np.asarray(raw_values(column, values), np.float32)
    return numbers(values) if column.unit is None else seconds(to_raw(values), column.unit)


def _divided(lengths: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
