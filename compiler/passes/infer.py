"""Every node gets its type: each block checks what flows into it and says what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sess.compiler import codes
from sess.compiler.arguments import spans
from sess.compiler.block import Block, Chosen, Entry, Selection
from sess.compiler.block import Kind as EntryKind
from sess.compiler.codec import decode
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.passes.build import Built
from sess.compiler.passes.context import Context
from sess.compiler.passes.site import NodeSite
from sess.compiler.signature import kind_of, members, parameters
from sess.compiler.source import Span
from sess.compiler.tree import Kind, ListOf, SectionName
from sess.compiler.types import Dim, Row, Seq, Tower, Type


def infer(built: Built, ctx: Context) -> CheckedGraph:
    """Infer the types in topological order; a node whose type can't be known stays without one."""
    types: dict[str, Type] = {}
    for node in built.stranded:
        site = NodeSite(node, built.graph, types, built, ctx.reporter)
        if isinstance(node.entry, Block):
            node.entry.check(site, node.params)
        _check_nested(node, site, ctx)
    for node in built.graph.order():
        site = NodeSite(node, built.graph, types, built, ctx.reporter)
        is_sound = all(each.source in types for each in node.inputs)
        block = node.entry
        found = block.check(site, node.params) if isinstance(block, Block) else None
        _check_nested(node, site, ctx)
        if isinstance(found, Tower) and node.kind is EntryKind.TABLE:
            found = _named(found, node, built)
        if found is not None and is_sound and not _is_empty(found):
            types[node.id] = found
    _check_objective(built, types, ctx)
    _check_baselines(built, types, ctx)
    checked = CheckedGraph(built.graph, types, built)
    _check_encoders(checked, ctx)
    return checked


def _is_empty(found: Type) -> bool:
    """Whether a type has no width: the argument that said so is what is wrong, not what depends on it."""
    width = found.width.known if isinstance(found, (Row, Seq, Tower)) else None
    return width is not None and width < 1


def _named(tower: Tower, table: Node, built: Built) -> Tower:
    """Return a table's type with its own domain; a width that preparation finds is called `auto(<table>)`."""
    selection = next(
        value
        for each in parameters(type(table.params))
        if isinstance(value := getattr(table.params, each.name), Selection)
    )
    width = Dim.symbol(f"auto({table.id})") if tower.width.known is None else tower.width
    return Tower(width, built.facts.domain(selection.names[0], selection.level) or tower.domain)


def _check_nested(node: Node, site: NodeSite, ctx: Context) -> None:
    """Let the entries that an argument chose check their own arguments, such as the loss of a head."""
    for each in parameters(node.entry.Params):
        value = getattr(node.params, each.name)
        kind = next((found for member in members(each.hint) if (found := kind_of(member)) is not None), None)
        entry = ctx.registry.find(value.name, kind) if isinstance(value, Chosen) and kind is not None else None
        if entry is not None:
            at = node.arguments.get(each.name, node.word)
            ahead = f"{each.name}."
            places = {key.removeprefix(ahead): span for key, span in node.arguments.items() if key.startswith(ahead)}
            _check_chosen(entry, value, at, site, places)


def _check_chosen(entry: Entry[Any], chosen: Chosen, at: Span, site: NodeSite, places: Mapping[str, Span]) -> None:
    check = getattr(entry, "check", None)
    if check is None:
        return
    params = decode(entry.Params, dict(chosen.params))
    places = {each.name: places.get(each.name, at) for each in parameters(entry.Params)}
    inner = replace(
        site.node, id=site.node.id, entry=entry, params=params, span=at, word=at, ports={}, arguments=places
    )
    check(replace(site, node=inner), params)


def _check_objective(built: Built, types: dict[str, Type], ctx: Context) -> None:
    chosen = built.train.objective
    entry = built.facts.resolved.sections[SectionName.TRAIN].get("objective")
    if chosen is None or entry is None:
        return
    objective = ctx.registry.find(chosen.name, EntryKind.OBJECTIVE)
    if objective is not None:
        at = entry.value.span
        node = Node("objective", objective, None, at, at, {}, {})
        site = NodeSite(node, built.graph, types, built, ctx.reporter)
        _check_chosen(objective, chosen, at, site, spans(objective, entry.value, ctx.registry))


def _check_baselines(built: Built, types: dict[str, Type], ctx: Context) -> None:
    """Let the baselines of `evaluate` check their arguments."""
    entry = built.facts.resolved.sections[SectionName.EVALUATE].get("baselines")
    places = entry.value.items if entry is not None and isinstance(entry.value, ListOf) else ()
    for chosen, expression in zip(built.evaluate.baselines, places, strict=False):
        baseline = ctx.registry.find(chosen.name, EntryKind.BASELINE)
        if baseline is not None:
            node = Node(chosen.name, baseline, None, expression.span, expression.span, {}, {})
            site = NodeSite(node, built.graph, types, built, ctx.reporter)
            _check_chosen(baseline, chosen, expression.span, site, spans(baseline, expression, ctx.registry))


def _check_encoders(checked: CheckedGraph, ctx: Context) -> None:
    for name, node in checked.encoders.items():
        if not isinstance(checked.types[node], (Row, Seq)):
            definition = checked.built.facts.resolved.definitions[name]
            assert definition.kind is Kind.ENCODER
            message = f"an encoder gives a vector of the session, and `{name}` is {checked.types[node]}"
            ctx.reporter.error(codes.WRONG_KIND, message, definition.value.span, help=f"write `let {name} = …`")
