"""Groups of steps: the columns that `sequence` statements take out of the main group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sess.compiler import codes
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.passes.context import Context
from sess.compiler.passes.resolve import Resolved
from sess.compiler.passes.rows import RowFacts, step_lists
from sess.compiler.schema import Column, Schema
from sess.compiler.selectors import Selector
from sess.compiler.tree import Definition, Kind
from sess.compiler.types import Level, Rows


@dataclass(frozen=True, slots=True)
class Groups:
    """The level of every column, and the group of those that a `sequence` names; other steps are of the main group."""

    levels: Mapping[str, Level]
    of: Mapping[str, str]


def find_groups(resolved: Resolved, rows: RowFacts, selector: Selector, ctx: Context) -> Groups:
    """Return whose each column is; columns of two groups, and groups of what has no steps, are reported."""
    lists = step_lists(ctx.schema)
    levels = {column.name: _level(column, rows, lists) for column in ctx.schema.columns}
    owners: dict[str, Definition] = {}
    quiet = replace(selector, reporter=Reporter())  # an empty selection is reported where all columns are
    for definition in resolved.definitions.values():
        if definition.kind is not Kind.SEQUENCE:
            continue
        picked = quiet.pick(definition.value)
        if picked and not set(picked.names) - {rows.session, rows.time}:
            message = (
                f"`{definition.name.text}` has no step columns of its own: the key and the time are of every group"
            )
            ctx.reporter.error(codes.GROUP_COLUMN, message, definition.value.span)
        for name in picked.names if picked else ():
            if name in (rows.session, rows.time):
                continue  # the time belongs to every group
            if name in owners:
                message = f"`{name}` is a step of `{owners[name].name.text}` and of `{definition.name.text}`"
                labels = [Label(owners[name].value.span, "the first group")]
                ctx.reporter.error(codes.GROUP_COLUMN, message, definition.value.span, labels=labels)
            else:
                if levels[name] is not Level.STEP and not _is_a_step_by_its_name(name, rows, ctx.schema):
                    _report_no_step(name, definition, rows, ctx)
                owners[name] = definition
                levels[name] = Level.STEP
    return Groups(levels, {name: definition.name.text for name, definition in owners.items()})


def _level(column: Column, rows: RowFacts, lists: frozenset[str]) -> Level:
    if column.name == rows.session:
        return Level.SESSION
    if column.name == rows.time:
        return Level.STEP
    is_step = column.has("sequence") if rows.rows is Rows.EVENTS else column.name in lists
    return Level.STEP if is_step else Level.SESSION


def _is_a_step_by_its_name(name: str, rows: RowFacts, schema: Schema) -> bool:
    """Whether a `sequence` may name a column that no tag makes a step: a time of an event, a list of a session."""
    column = schema.find(name)
    if column is None:
        return False
    return column.has("time") if rows.rows is Rows.EVENTS else column.is_list and not column.has("embedding")


def _report_no_step(name: str, definition: Definition, rows: RowFacts, ctx: Context) -> None:
    column = ctx.schema.find(name)
    labels = [Label(column.span, "one value a session")] if column else []
    is_events = rows.rows is Rows.EVENTS
    helps = "tag it SEQUENCE in the schema" if is_events else "a step column is a list where a row is a session"
    message = f"`{name}` is of the session, so it can't be a step of `{definition.name.text}`"
    ctx.reporter.error(codes.GROUP_COLUMN, message, definition.value.span, labels=labels, help=helps)
