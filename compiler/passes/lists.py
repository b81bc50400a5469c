"""Lists that aren't the steps: vectors have a fixed length, bags hold single values, and a combiner combines a bag."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.block import Kind, Representation, Selection
from sess.compiler.diagnostics import Label
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.signature import parameters, wants_one_column
from sess.compiler.source import Span
from sess.compiler.types import Level

COMBINER = "combiner"
_OWNERS = {Level.STEP: "a step", Level.SESSION: "a session", Level.CATALOGUE: "an item"}


def check_lists(checked: CheckedGraph, ctx: Context) -> None:
    """Report columns that are read as vectors or bags and can be none, and combiners that have nothing to combine."""
    facts = checked.built.facts
    for node in checked.graph.order():
        _check_single(node, facts, ctx)
        if node.kind is not Kind.FEATURES:
            continue
        for argument, selection in node.selections:
            for name in selection.names:
                _check(name, selection.level, node.arguments.get(argument, node.span), facts, ctx)
        if COMBINER in node.arguments:
            _check_combiner(node, facts, ctx)


def _check_single(node: Node, facts: Facts, ctx: Context) -> None:
    """Report lists where a block reads one value of a column."""
    if node.kind in (Kind.TABLE, Kind.HEAD):
        return
    for each in parameters(node.entry.Params):
        value = getattr(node.params, each.name)
        if isinstance(value, Selection) and wants_one_column(each.hint) and facts.is_bag(value.only, value.level):
            message = f"`{node.entry.name}` reads one value, and `{value.only}` is a list"
            labels = [Label(facts.column(value.only, value.level).span, "a list here")]
            at = node.arguments.get(each.name, node.span)
            ctx.reporter.error(codes.TYPE_MISMATCH, message, at, labels=labels)


def _check(name: str, level: Level, at: Span, facts: Facts, ctx: Context) -> None:
    column, representation = facts.column(name, level), facts.representation(name, level)
    if representation is Representation.SKIP:
        return
    if column.is_nested and (level is Level.CATALOGUE or not facts.are_steps(name)):
        message = f"`{name}` is a list of lists, and {_OWNERS[level]} has one list at most"
        ctx.reporter.error(codes.ROWS_AND_SCHEMA, message, at, labels=[Label(column.span, "a list of lists here")])
    elif representation is Representation.VECTORS and facts.length(name, level) is None:
        is_list = facts.is_bag(name, level)
        message = f"`{name}` is a list of numbers of varying length, which is no vector"
        if not is_list:
            message = f"`{name}` is tagged EMBEDDING, and {_OWNERS[level]} has one number of it, which is no vector"
        labels = [Label(column.span, "a ragged list here" if is_list else "no list here")]
        helps = "if all have N numbers, say so in the schema: `value_count { min: N max: N }`"
        ctx.reporter.error(codes.RAGGED_FLOATS, message, at, labels=labels, help=helps)


def _check_combiner(node: Node, facts: Facts, ctx: Context) -> None:
    columns = [(name, selection.level) for _, selection in node.selections for name in selection.names]
    if columns and not any(facts.is_bag(name, level) for name, level in columns):
        what = f"`{columns[0][0]}` is no list" if len(columns) == 1 else "none of the columns is a list"
        message = f"`{COMBINER}` makes one vector of a list's, and {what}"
        labels = [Label(facts.column(name, level).span, "one value here") for name, level in columns[:1]]
        helps = "leave it out"
        ctx.reporter.error(codes.IDLE_ARGUMENT, message, node.arguments[COMBINER], labels=labels, help=helps)
