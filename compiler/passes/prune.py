"""What nobody reads is left out of the graph, and warns."""

from __future__ import annotations

from dataclasses import replace

from sess.compiler import codes
from sess.compiler.block import Kind
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.context import Context
from sess.compiler.passes.resolve import Resolved, mentions
from sess.compiler.tree import Kind as Keyword
from sess.compiler.tree import SectionName

_WARNS = (Keyword.COLUMNS, Keyword.LET)


def prune(checked: CheckedGraph, ctx: Context) -> CheckedGraph:
    """Keep heads, encoders and all that flows into them."""
    kept: set[str] = set()
    for id in (*checked.heads.values(), *checked.encoders.values()):
        kept |= {id, *checked.graph.ancestors(id)}
    unread = frozenset(node.id for node in checked.graph.order() if node.id not in kept)
    if not ctx.reporter.has_errors:  # what is broken may have been its reader
        _warn_of_definitions(checked.built.facts.resolved, ctx)
        for node in map(checked.graph.__getitem__, sorted(unread)):
            if node.kind is Kind.TABLE and not node.is_derived:
                ctx.reporter.error(codes.UNUSED_DEFINITION, f"nothing reads the table `{node.id}`", node.span)
    types = {id: found for id, found in checked.types.items() if id in kept}
    return replace(checked, graph=checked.graph.without(unread), types=types)


def _warn_of_definitions(resolved: Resolved, ctx: Context) -> None:
    """Warn of params, columns and lets that no text mentions."""
    read = {word.text for definition in resolved.definitions.values() for word in mentions(definition.value)}
    read |= {
        word.text
        for entries in resolved.sections.values()
        for entry in entries.values()
        for word in mentions(entry.value)
    }
    read |= set(resolved.sections[SectionName.PREPARE])
    for name in resolved.own:
        definition = resolved.definitions.get(name.text)
        is_plain = definition.kind in _WARNS if definition is not None else name.text in resolved.params
        if is_plain and name.text not in read:
            ctx.reporter.error(codes.UNUSED_DEFINITION, f"nothing reads `{name.text}`", name.span)
