"""Which columns the model reads, and which its heads predict."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Kind, Representation, Selection
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.signature import parameters, wants_one_column
from sess.compiler.types import Head, Level

_NO_READERS = (Kind.TABLE, Kind.HEAD)


@dataclass(frozen=True, slots=True)
class Usage:
    """Columns in schema order; `codes` are those that are read or predicted as categories, `times` read as times."""

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    codes: frozenset[str]
    times: frozenset[str]


def find_usage(checked: CheckedGraph) -> Usage:
    """Return the columns that reach the model."""
    facts = checked.built.facts
    read: set[str] = set()
    for node in checked.graph.order():
        read |= columns_read(checked, node)
    heads = [head for node in checked.heads.values() if isinstance(head := checked.types[node], Head)]
    targets = {head.target for head in heads}
    ranked = {head.target for head in heads if head.is_ranking}
    codes = (
        ranked
        | {name for name in read if name in checked.built.column_tables}
        | ({facts.item} if facts.item else set())
    )
    return Usage(
        tuple(name for name in facts.schema.names if name in read),
        tuple(name for name in facts.schema.names if name in targets),
        frozenset(codes),
        frozenset(name for name in read if facts.is_time(name)),
    )


def columns_read(checked: CheckedGraph, node: Node) -> set[str]:
    """Return the columns whose values a node reads; `to=` of a broadcast names columns but reads none."""
    facts = checked.built.facts
    if node.kind in _NO_READERS:
        return set()
    found: set[str] = set()
    for each in parameters(node.entry.Params):
        value = getattr(node.params, each.name)
        if not isinstance(value, Selection) or value.level is Level.CATALOGUE:
            continue
        if node.kind in (Kind.FEATURES, Kind.BASELINE) or wants_one_column(each.hint):
            is_free = node.entry.name != "features"
            found |= {name for name in value.names if is_free or facts.representation(name) is not Representation.SKIP}
    return found
