"""Which table embeds which column: tables by domain, and the ones that nobody declared."""

from __future__ import annotations

from typing import Any

from sess.compiler import codes
from sess.compiler.block import Kind, Representation, Selection
from sess.compiler.defaults import complete
from sess.compiler.diagnostics import CompilerBug, Label
from sess.compiler.graph import Node, Role, SpecGraph
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.signature import parameters
from sess.compiler.similar import listing
from sess.compiler.types import MAIN_GROUP, Level


class Tables:
    """The tables that are declared so far, by domain; leaves are connected to the ones they read through."""

    def __init__(self, ctx: Context, facts: Facts, graph: SpecGraph) -> None:
        self._ctx, self._facts, self._graph = ctx, facts, graph
        self._by_domain: dict[str, list[str]] = {}

    def declare(self, node: Node) -> bool:
        """Remember a table under its domain; whether it has one."""
        domain = self.domain(node)
        if domain is not None:
            self._by_domain.setdefault(domain, []).append(node.id)
        return domain is not None

    def domain(self, table: Node) -> str | None:
        """Return the domain of a table; None if its columns have none."""
        selection = _selection(table.params)
        return self._facts.domain(selection.names[0], selection.level) if selection else None

    def read(self, leaf: Node) -> bool:
        """Find the table of each categorical column of a leaf; whether all have one (reported)."""
        selection = _selection(leaf.params)
        if selection is None:
            return True
        asked = getattr(leaf.params, "tables", None)
        is_sound = True
        for name in selection.names:
            domain = self._facts.domain(name, selection.level)
            if domain is None or not self._is_embedded(leaf, name, selection.level):
                continue
            table = self._choose(leaf, name, domain, asked)
            is_sound = is_sound and table is not None
            if table is not None:
                self._graph.connect(table, leaf.id, Role.TABLE, name)
        return is_sound

    def _is_embedded(self, leaf: Node, name: str, level: Level) -> bool:
        if leaf.entry.name == "embed":
            return True
        return self._facts.representation(name, level) is Representation.EMBED and leaf.entry.name == "features"

    def _choose(self, leaf: Node, name: str, domain: str, asked: str | None) -> str | None:
        tables = self._by_domain.get(domain, [])
        if asked is not None:
            if asked in tables:
                return asked
            at = leaf.arguments.get("tables", leaf.span)
            owner = self.domain(self._graph[asked])
            message = f"the table `{asked}` is of the domain `{owner}`, and `{name}` is of `{domain}`"
            self._ctx.reporter.error(codes.NO_DOMAIN, message, at, labels=[Label(self._graph[asked].span, "the table")])
            return None
        if len(tables) > 1:
            message = f"`{name}` has two tables: {listing(tables)}"
            labels = [Label(self._graph[each].span, "a table of it") for each in tables]
            helps = f"say which: `embed({name}, tables={tables[0]})`"
            self._ctx.reporter.error(codes.NO_DOMAIN, message, leaf.span, help=helps, labels=labels)
            return None
        return tables[0] if tables else self._derive(leaf, domain)

    def _derive(self, leaf: Node, domain: str) -> str:
        """Make the table that nobody declared: one per domain, of automatic width."""
        entry = self._ctx.registry.find("embedding", Kind.TABLE)
        if entry is None:
            raise CompilerBug("the block `embedding` is not installed")
        taken = domain in self._facts.resolved.definitions or domain in self._graph
        name = f"{domain}_table" if taken else domain
        columns = self._facts.domains.columns[domain]
        of_catalogue = (name for name, each in self._facts.domains.catalogue.items() if each == domain)
        levels = {name: self._facts.levels[name] for name in columns} or {next(of_catalogue): Level.CATALOGUE}
        first = next((name for name, level in levels.items() if level is Level.STEP), next(iter(levels)))
        level = levels[first]
        values: dict[str, Any] = {}  # values of the fields of any table's parameters
        for each in parameters(entry.Params):
            if each.is_required:
                values[each.name] = Selection((first,), level, MAIN_GROUP if level is Level.STEP else None)
            else:
                values[each.name] = complete(each.default, each.hint, self._ctx.registry)
        self._graph.add(Node(name, entry, entry.Params(**values), leaf.span, leaf.word, {}, {}, is_derived=True))
        self._by_domain[domain] = [name]
        return name


def _selection(params: object) -> Selection | None:
    """Return the first selection among a block's parameters; None if it has none."""
    for each in parameters(type(params)):
        value = getattr(params, each.name)
        if isinstance(value, Selection):
            return value
    return None
