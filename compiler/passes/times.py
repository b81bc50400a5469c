"""Arguments that want a column of times: which is meant where none is given, and that it counts time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sess.compiler import codes
from sess.compiler.arguments import Bound
from sess.compiler.block import Entry, Selection
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.signature import parameters, wants, wants_time
from sess.compiler.similar import listing
from sess.compiler.source import Span
from sess.compiler.types import MAIN_GROUP, Level
from sess.compiler.words import RAW, TIME

_TAG_IT = "if it holds a time for every step, tag `{}` `SEQUENCE` in the schema, as the other lists of steps"


def with_times(entry: Entry[Any], bound: Bound, at: Span, facts: Facts, reporter: Reporter) -> Any | None:
    """Return a call's parameters with every column of times; None if there is none, or it is no time (reported)."""
    params = bound.params
    for each in parameters(entry.Params):
        if not wants_time(each.hint):
            continue
        given: Selection | None = getattr(params, each.name)
        if given is None:
            given = _default(entry, at, facts, reporter)
        elif not _is_time(given.only, bound.spans[each.name], facts, reporter):
            return None
        if given is None:
            return None
        params = replace(params, **{each.name: given})
    return params


def check_prepared_times(checked: CheckedGraph, ctx: Context) -> None:
    """Report columns of times that `prepare` turns into something else, and that a block reads as times."""
    facts = checked.built.facts
    for node in checked.graph.order():
        for each in parameters(type(node.params)):
            read = getattr(node.params, each.name)
            if not isinstance(read, Selection) or not (wants(each.hint, TIME) or wants(each.hint, RAW)):
                continue
            column, override = read.only, facts.overrides.get(read.only)
            made = [op.name for op in override.operations if op.name != "take"] if override is not None else []
            if override is None or not made or column in facts.derived or not facts.is_time(column):
                continue
            message = f"`{made[0]}` makes something else of `{column}`, and `{node.entry.name}` reads its times"
            helps = f"give what it makes a name of its own: `new = {column} >> {override.span.text}`"
            labels = [Label(node.arguments.get(each.name, node.word), "reads the times")]
            ctx.reporter.error(codes.WRONG_OPERATION, message, override.span, help=helps, labels=labels)


def _default(entry: Entry[Any], at: Span, facts: Facts, reporter: Reporter) -> Selection | None:
    if facts.time is not None:
        return Selection((facts.time,), Level.STEP, MAIN_GROUP)
    message = f"`{entry.name}` reads the times of steps, and no column is known to hold them"
    times = [each for each in facts.schema.names if facts.is_time(each)]
    steps = [each for each in times if facts.levels.get(each) is Level.STEP]
    lists = [facts.column(each) for each in times if facts.column(each).is_list and each not in steps]
    helps = [f"name one: `{entry.name}(time={steps[0] if len(steps) == 1 else '…'})`"]
    if lists and not steps:
        helps = [_TAG_IT.format(lists[0].name), f"then name it: `{entry.name}(time={lists[0].name})`"]
    labels = [Label(each.span, "a list of times here, and not of the steps") for each in lists]
    reporter.error(codes.NO_SESSION_COLUMN, message, at, help=helps, labels=labels)
    return None


def _is_time(name: str, at: Span, facts: Facts, reporter: Reporter) -> bool:
    column = facts.column(name)
    if not facts.is_time(name):
        known = [each for each in facts.schema.names if facts.is_time(each) and facts.levels[each] is Level.STEP]
        helps = f"times are {listing(known)}" if known else "tag it `TIME` in the schema if it counts time"
        message = f"`{name}` is {column.dtype.value} and no time"
        reporter.error(codes.WRONG_VALUE, message, at, help=helps, labels=[Label(column.span, "declared here")])
        return False
    if facts.levels.get(name) is not Level.STEP:
        owns = "is a list beside the steps" if column.is_list else "has one value a session"
        message = f"`{name}` {owns}, and steps have times of their own"
        labels = [Label(column.span, "a list without the tag `SEQUENCE`" if column.is_list else "declared here")]
        tag_it = _TAG_IT.format(name) if column.is_list else ""
        reporter.error(codes.WRONG_VALUE, message, at, help=tag_it, labels=labels)
        return False
    return True
