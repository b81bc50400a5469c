"""Which columns the model reads, and which its heads predict."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Kind, Representation, Selection
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.signature import parameters, wants, wants_one_column
from sess.compiler.types import Head, Level
from sess.compiler.words import CODES, RAW

_NO_READERS = (Kind.TABLE, Kind.HEAD)


@dataclass(frozen=True, slots=True)
class Usage:
    """Columns in schema order; `codes` are those that are read or predicted as categories, `times` read as times.

    `raw` are those that are read as the data has them, perhaps beside being inputs; `catalogue` are of the catalogue.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    codes: frozenset[str]
    times: frozenset[str]
    raw: tuple[str, ...]
    catalogue: tuple[str, ...]


def find_usage(checked: CheckedGraph) -> Usage:
    """Return the columns that reach the model."""
    facts = checked.built.facts
    read: set[str] = set()
    raw: set[str] = set()
    coded: set[str] = set()
    of_items: set[str] = set()
    for node in checked.graph.order():
        read |= columns_read(checked, node)
        raw |= {name for name in numbers_read(node) if not facts.is_time(name)}
        coded |= _marked(node, CODES)
        of_items |= catalogue_read(checked, node)
    heads = [head for node in checked.heads.values() if isinstance(head := checked.types[node], Head)]
    targets = {head.target for head in heads}
    ranked = {head.target for head in heads if head.is_ranking}
    codes = (
        ranked
        | coded
        | {name for node in checked.graph.order() for name in _embedded(checked, node) if name in read}
        | ({facts.item} if facts.item else set())
    )
    return Usage(
        tuple(name for name in facts.schema.names if name in read),
        tuple(name for name in facts.schema.names if name in targets),
        frozenset(codes),
        frozenset(name for name in read if facts.is_time(name)),
        tuple(name for name in facts.schema.names if name in raw),
        tuple(name for name in facts.selector.catalogue.names if name in of_items) if facts.selector.catalogue else (),
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
        if wants(each.hint, RAW) and not facts.is_time(value.only):
            continue
        if node.kind in (Kind.FEATURES, Kind.BASELINE) or wants_one_column(each.hint):
            is_free = node.entry.name != "features"
            found |= {name for name in value.names if is_free or facts.representation(name) is not Representation.SKIP}
    return found


def numbers_read(node: Node) -> set[str]:
    """Return the columns that a node reads as the data has them, whatever the preparation makes of them."""
    return _marked(node, RAW)


def _marked(node: Node, mark: str) -> set[str]:
    """Return the columns that a node reads in a way of their own."""
    if node.kind in _NO_READERS:
        return set()
    found = (getattr(node.params, each.name) for each in parameters(node.entry.Params) if wants(each.hint, mark))
    return {name for each in found if isinstance(each, Selection) for name in each.names}


def catalogue_read(checked: CheckedGraph, node: Node) -> set[str]:
    """Return the columns of the catalogue that a node reads."""
    facts, level = checked.built.facts, Level.CATALOGUE
    if node.kind is not Kind.FEATURES:
        return set()
    found = {name for _, each in node.selections if each.level is level for name in each.names}
    return {name for name in found if facts.representation(name, level) is not Representation.SKIP}


def _embedded(checked: CheckedGraph, node: Node) -> set[str]:
    """Return the columns of the events that a node reads through tables."""
    own = {name for _, each in node.selections if each.level is not Level.CATALOGUE for name in each.names}
    return own & checked.graph.tables(node.id).keys()
