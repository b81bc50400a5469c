"""What an editor may ask of a spec: one check of its text as it stands, with what every question looks up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from sess.compiler.diagnostics import Reporter
from sess.compiler.driver import Checked, CheckOptions, check_spec
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.passes.infer import infer
from sess.compiler.registry import Registry, registry
from sess.compiler.schema import Column, Schema
from sess.compiler.selectors import Selector
from sess.compiler.service.places import Place, Scope, places
from sess.compiler.source import Source, Span
from sess.compiler.tree import Definition, Expression, ParamStatement, Spec
from sess.compiler.types import Type


@dataclass(frozen=True)
class Analysis:
    """A checked spec, and the tables that questions are answered from; each table is made when it is first asked."""

    checked: Checked
    registry: Registry

    @property
    def source(self) -> Source:
        """The text that was checked."""
        return self.checked.source

    @property
    def files(self) -> tuple[Spec, ...]:
        """The spec and the files that it imports."""
        return (self.checked.spec, *self.checked.imports)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the imports and schemas that were read."""
        schemas = (self.schema, self.facts.selector.catalogue if self.facts else None)
        sources = (*(each.source for each in self.checked.imports), *(each.source for each in schemas if each))
        return tuple(each.name for each in sources)

    @property
    def facts(self) -> Facts | None:
        """What is known of columns; None without a schema."""
        return self.checked.graph.built.facts if self.checked.graph else None

    @property
    def schema(self) -> Schema | None:
        """The schema of the events; None if there is none to read."""
        return self.facts.schema if self.facts else None

    @property
    def selector(self) -> Selector | None:
        """What evaluates selections, without reporting again; None without a schema."""
        return replace(self.facts.selector, reporter=Reporter()) if self.facts else None

    @cached_property
    def definitions(self) -> Mapping[str, Definition | ParamStatement]:
        """The first definition of every name."""
        found: dict[str, Definition | ParamStatement] = {}
        for file in self.files:
            for each in file.statements:
                if isinstance(each, (Definition, ParamStatement)):
                    found.setdefault(each.name.text, each)
        return found

    @cached_property
    def scope(self) -> Scope:
        """What words mean in this spec."""
        columns = frozenset(self.schema.names) if self.schema else frozenset()
        domains = frozenset(self.facts.domains.columns) if self.facts else frozenset()
        return Scope(self.registry, self.definitions, columns, domains)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every word of the spec's own text, with what it is there."""
        return tuple(places(self.checked.spec, self.scope))

    @cached_property
    def all_places(self) -> tuple[Place, ...]:
        """Every word of the spec and its imports."""
        return (*self.places, *(place for file in self.checked.imports for place in places(file, self.scope)))

    @cached_property
    def _whole(self) -> CheckedGraph | None:
        """The graph with all that nobody reads yet: half of what is being typed is so, and a check leaves it out."""
        facts, catalogue = self.facts, self.facts.selector.catalogue if self.facts else None
        if self.checked.graph is None or facts is None:
            return None
        if len(self.checked.graph.graph) == len(self.checked.graph.built.graph):
            return self.checked.graph
        quiet = Context(Reporter(), self.registry, facts.schema, catalogue, is_compiling=False)
        return infer(self.checked.graph.built, quiet)

    @cached_property
    def _types(self) -> Mapping[tuple[str, int], tuple[Type, ...]]:
        graph = self._whole
        found: dict[tuple[str, int], tuple[Type, ...]] = {}
        for node in graph.graph.order() if graph else ():
            kind = graph.types.get(node.id) if graph else None
            if kind is not None and not node.is_derived:
                key = (node.word.source.name, node.word.start)
                found[key] = (*(each for each in found.get(key, ()) if each != kind), kind)
        return found

    def types_at(self, word: Span) -> tuple[Type, ...]:
        """Return the types of the block that a word names: several where a pipe is used several times."""
        return self._types.get((word.source.name, word.start), ())

    def type_of(self, name: str) -> Type | None:
        """Return the type of a table, let, encoder or head; None if it is broken or has none."""
        graph = self._whole
        node = graph.built.definitions.get(name) if graph else None
        return graph.types.get(node) if graph and node else None

    def place_at(self, offset: int) -> Place | None:
        """Return the word at an offset, or the one that ends there; None where there is none."""
        found = [each for each in self.places if each.span.start <= offset <= each.span.end]
        return max(found, key=lambda each: (each.span.end > offset, each.span.start)) if found else None

    def columns(self, expression: Expression) -> tuple[str, ...] | None:
        """Return the columns that an expression selects; None if it selects none."""
        selector = self.selector
        picked = selector.pick(expression) if selector and selector.is_columns(expression) else None
        return picked.names if picked else None

    def column(self, name: str) -> Column | None:
        """Return a column of the events or the catalogue; None if there is none."""
        for schema in (self.schema, self.facts.selector.catalogue if self.facts else None):
            found = schema.find(name) if schema else None
            if found is not None:
                return found
        return None


def analyse(path: Path, text: str, overlay: Mapping[Path, str] | None = None) -> Analysis:
    """Check a text that an editor holds under a path; `overlay` are its other unsaved texts."""
    return Analysis(check_spec(path, CheckOptions(text=text, overlay=overlay or {})), registry())
