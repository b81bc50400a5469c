"""The laws of the whole graph: heads and their objective, directions, labels, and settings that must agree."""

from __future__ import annotations

from typing import Any

from sess.compiler import codes
from sess.compiler.block import Kind
from sess.compiler.diagnostics import Label
from sess.compiler.graph import CheckedGraph
from sess.compiler.missing_tags import of_that_name, untagged
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.passes.directions import check_directions
from sess.compiler.passes.lists import check_lists
from sess.compiler.passes.metrics import check_metrics
from sess.compiler.passes.settings import check_settings
from sess.compiler.passes.targets import check_targets
from sess.compiler.passes.times import check_prepared_times
from sess.compiler.selectors import has_tag
from sess.compiler.similar import listing
from sess.compiler.tree import Call, Pipeline, SectionName
from sess.compiler.tree import Kind as Keyword
from sess.compiler.types import Head, Level

_WITHOUT_ITEM = "tag it in the schema, or predict a categorical step column by a head"


def verify(checked: CheckedGraph, ctx: Context) -> CheckedGraph:
    """Check every law; the graph is unchanged."""
    _check_heads(checked, ctx)
    _check_objective(checked, ctx)
    check_directions(checked, ctx)
    check_targets(checked, ctx)
    check_lists(checked, ctx)
    _check_catalogue(checked.built.facts, ctx)
    _check_catalogue_file(checked, ctx)
    _check_hidden_columns(checked, ctx)
    check_prepared_times(checked, ctx)
    _check_request_names(checked, ctx)
    check_settings(checked.built, ctx)
    check_metrics(checked, ctx)
    return checked


def _check_heads(checked: CheckedGraph, ctx: Context) -> None:
    resolved = checked.built.facts.resolved
    if not resolved.has_head and not ctx.reporter.has_syntax_errors and not _is_any_meant_as_head(checked, ctx):
        helps = "add `head name = … >> categorical(item)`"
        ctx.reporter.error(
            codes.NO_HEAD, f"`{resolved.name.text}` predicts nothing: it has no head", resolved.name.span, help=helps
        )
    if checked.heads and checked.built.facts.item is None:
        message = "which column is the item: no step column has the tag `ITEM_ID`, and no head predicts one"
        named = of_that_name("item_id", ctx.schema)
        labels = [untagged(named, "item_id")] if named is not None and not has_tag(named, "item_id") else []
        ctx.reporter.error(codes.NO_ITEM, message, resolved.name.span, labels=labels, help=_WITHOUT_ITEM)


def _is_any_meant_as_head(checked: CheckedGraph, ctx: Context) -> bool:
    """Whether a definition ends in a head though its keyword doesn't say so, which is reported there."""
    values = (each.value for each in checked.built.facts.resolved.definitions.values())
    lasts = (value.stages[-1] if isinstance(value, Pipeline) else value for value in values)
    words = (last.name.text for last in lasts if isinstance(last, Call))
    return any(ctx.registry.find(word, Kind.HEAD, Kind.BASELINE) is not None for word in words)


def _check_objective(checked: CheckedGraph, ctx: Context) -> None:
    built = checked.built
    entries = built.facts.resolved.sections[SectionName.TRAIN]
    if built.is_objective_broken:
        return
    models = [node for node in checked.heads.values() if checked.graph[node].kind is Kind.HEAD]
    on_steps = [node for node in models if _target_level(checked, node) is Level.STEP]
    declared = [each for each in built.facts.resolved.definitions.values() if each.kind is Keyword.HEAD]
    is_unsure = SectionName.TRAIN in built.facts.resolved.unsure or ctx.reporter.has_syntax_errors
    if on_steps and built.train.objective is None and not is_unsure:
        node = checked.graph[on_steps[0]]
        known = listing(ctx.registry.names(Kind.OBJECTIVE))
        message = f"the head `{node.id}` predicts steps, and `train` has no `objective`"
        ctx.reporter.error(
            codes.NO_OBJECTIVE, message, node.span, help=f"add `train {{ objective = next }}`; there is {known}"
        )
    keys = (built.facts.session, built.facts.time)
    targets = [head.target for node in models if isinstance(head := checked.types[node], Head)]
    is_sure = len(checked.heads) == len(declared) and declared and not any(name in keys for name in targets)
    objective: Any = ctx.registry.find(built.train.objective.name, Kind.OBJECTIVE) if built.train.objective else None
    ranking = [node for node in on_steps if isinstance(head := checked.types[node], Head) and head.is_ranking]
    if on_steps and len(models) == len(checked.heads) and objective is not None and objective.ranks and not ranking:
        message = f"`{objective.name}` puts items in where a head ranks them, and no head ranks the steps' items"
        helps = "add a `categorical` head, or use `objective = masked`"
        ctx.reporter.error(codes.OBJECTIVE_AND_STATE, message, entries["objective"].span, help=helps)
    if not on_steps and built.train.objective is not None and is_sure:
        at = entries["objective"].span
        message = f"no head predicts a step, so nothing asks for `{built.train.objective.name}`"
        ctx.reporter.error(codes.IDLE_OBJECTIVE, message, at, help="leave `objective` out")


def _target_level(checked: CheckedGraph, node: str) -> Level | None:
    head = checked.types[node]
    return head.target_level if isinstance(head, Head) else None


def _check_catalogue(facts: Facts, ctx: Context) -> None:
    """Report a catalogue that can't be joined: without the events' item id, or with another dtype of it."""
    item, at = facts.item, facts.resolved.catalogue
    if ctx.catalogue is None or item is None or at is None:
        return
    events = facts.column(item)
    found = ctx.catalogue.find(item)
    if found is None:
        tagged = [column.name for column in ctx.catalogue.columns if has_tag(column, "item_id")]
        message = f"the catalogue has no column `{item}`, by which it is joined to the events"
        helps = f"call {listing(tagged)} so" if tagged else f"it has {listing(ctx.catalogue.names)}"
        labels = [Label(events.span, "the events' item id")]
        ctx.reporter.error(codes.NO_CATALOGUE_ITEM, message, at, labels=labels, help=helps)
    elif found.dtype is not events.dtype:
        message = f"`{item}` is {events.dtype.value} in the events, and {found.dtype.value} in the catalogue"
        labels = [Label(events.span, events.dtype.value), Label(found.span, found.dtype.value)]
        ctx.reporter.error(codes.DOMAIN_CONFLICT, message, at, labels=labels, help="one domain has one dtype")


def _check_catalogue_file(checked: CheckedGraph, ctx: Context) -> None:
    """Report columns of a catalogue that the `data` section doesn't name."""
    data = checked.built.facts.data
    if data.catalogue is not None or not data.train:
        return
    for node in checked.graph.order():
        for argument, selection in node.selections:
            if selection.level is Level.CATALOGUE and node.kind is Kind.FEATURES:
                at = node.arguments.get(argument, node.span)
                message = f"`{node.entry.name}` reads the catalogue, and `data` names none"
                ctx.reporter.error(codes.NO_CATALOGUE, message, at, help='add `catalogue = "items.parquet"` to `data`')
                return


def _check_hidden_columns(checked: CheckedGraph, ctx: Context) -> None:
    """Warn of definitions that hide a column which the graph reads through another word."""
    facts = checked.built.facts
    used = {name for node in checked.graph.order() for _, selection in node.selections for name in selection.names}
    for word in facts.resolved.words:
        name, definition = word.text, facts.resolved.definitions.get(word.text)
        column = facts.schema.find(name)
        if column is None or name not in used:
            continue
        if definition is not None and definition.kind is Keyword.COLUMNS:
            picked = facts.selector.pick(definition.value)
            if picked is not None and picked.names == (name,):
                continue
        message = f"`{name}` hides the column of that name"
        helps = f'the column is `column("{name}")`'
        ctx.reporter.error(
            codes.HIDDEN_COLUMN, message, word.span, help=helps, labels=[Label(column.span, "the column")]
        )


def _check_request_names(checked: CheckedGraph, ctx: Context) -> None:
    """Report columns of sessions that a request would carry under the name of an optional input."""
    facts, accept = checked.built.facts, checked.built.serve.accept
    used = {name for node in checked.graph.order() for _, selection in node.selections for name in selection.names}
    needed = {root for name in used if name in facts.levels for root in facts.roots(name)}
    for name in sorted(needed.intersection(accept)):
        column = facts.column(name)
        if facts.levels[name] is not Level.STEP and not column.is_list:
            message = f"the column `{name}` and the option `{name}` would be one input of a request"
            rest = ", ".join(each for each in accept if each != name)
            helps = f"rename it, or leave the option out: `serve {{ accept = [{rest}] }}`"
            ctx.reporter.error(codes.COLUMN_NAME, message, column.span, help=helps)
