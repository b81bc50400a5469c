"""What nobody reads is left out of the graph, and warns."""

from __future__ import annotations

from dataclasses import replace

from sess.compiler import codes
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.context import Context
from sess.compiler.passes.mentions import mentions, names
from sess.compiler.tree import Kind as Keyword
from sess.compiler.tree import SectionName

_ALWAYS = (Keyword.HEAD, Keyword.ENCODER)


def prune(checked: CheckedGraph, ctx: Context) -> CheckedGraph:
    """Keep heads, encoders and all that flows into them."""
    kept: set[str] = set()
    for id in (*checked.heads.values(), *checked.encoders.values()):
        kept |= {id, *checked.graph.ancestors(id)}
    unread = frozenset(node.id for node in checked.graph.order() if node.id not in kept)
    if not ctx.reporter.has_errors:  # what is broken may have been its reader
        _warn_of_definitions(checked, kept, ctx)
        _warn_of_preparation(checked, kept, ctx)
    types = {id: found for id, found in checked.types.items() if id in kept}
    return replace(checked, graph=checked.graph.without(unread), types=types)


def _warn_of_definitions(checked: CheckedGraph, kept: set[str], ctx: Context) -> None:
    """Warn of the spec's own definitions that nothing needs; those of its imports may have other readers."""
    resolved = checked.built.facts.resolved
    needed = _needed(checked, kept, ctx)
    for name in resolved.own:
        definition = resolved.definitions.get(name.text)
        if name.text in needed or (definition is not None and definition.kind in _ALWAYS):
            continue
        what = "the table " if definition is not None and definition.kind is Keyword.TABLE else ""
        ctx.reporter.error(codes.UNUSED_DEFINITION, f"nothing reads {what}`{name.text}`", name.span)


def _warn_of_preparation(checked: CheckedGraph, kept: set[str], ctx: Context) -> None:
    """Warn of the spec's own entries of `prepare` whose columns nothing reads."""
    facts = checked.built.facts
    read = {name for id in kept for _, selection in checked.graph[id].selections for name in selection.names}
    read |= {root for name in read for root in facts.roots(name)} | set(checked.built.evaluate.slices)
    read |= {facts.item} if facts.item else set()
    for domain, columns in facts.domains.columns.items():
        if read.intersection(columns) or domain in {facts.domains.catalogue.get(name) for name in read}:
            read |= {domain, *columns}  # what prepares one column of a domain prepares its vocabulary
    for key, entry in facts.resolved.sections[SectionName.PREPARE].items():
        if key in read or entry.key.span.source != facts.resolved.name.span.source:
            continue
        message = f"nothing reads the new column `{key}`"
        if key not in facts.derived:
            message = f"nothing reads `{key}`, so its preparation changes nothing"
        ctx.reporter.error(codes.UNUSED_DEFINITION, message, entry.key.span)


def _needed(checked: CheckedGraph, kept: set[str], ctx: Context) -> set[str]:
    """Return the names from which a head, an encoder or a section can be reached, by what their texts mention."""
    facts = checked.built.facts
    definitions = facts.resolved.definitions
    read = {name for id in kept for _, selection in checked.graph[id].selections for name in selection.names}
    found = {name for name, each in definitions.items() if each.kind in _ALWAYS or name in kept}
    # A group or domain whose columns are read changes what they mean, even where nothing says its name.
    found |= {facts.groups[name] for name in read if name in facts.groups}
    found |= {domain for domain, columns in facts.domains.columns.items() if read.intersection(columns)}
    for entries in facts.resolved.sections.values():
        found |= {word.text for entry in entries.values() for word in names(entry.value)}
    found |= set(facts.resolved.sections[SectionName.PREPARE])
    frontier = list(found)
    while frontier:
        definition = definitions.get(frontier.pop())
        said = mentions(definition.value, ctx.registry) if definition is not None else ()
        fresh = {word.text for word in said} - found
        found |= fresh
        frontier += sorted(fresh)
    return found
