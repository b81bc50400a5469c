"""The graph of a spec: blocks as nodes, what flows between them as edges; a networkx MultiDiGraph on request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from sess.compiler.block import Entry, Kind, Selection
from sess.compiler.signature import parameters
from sess.compiler.source import Span
from sess.compiler.tree import Kind as Keyword
from sess.compiler.types import Columns, Head, Type, Value

if TYPE_CHECKING:
    from sess.compiler.passes.build import Built

MultiDiGraph = Any  # networkx has no types

NodeId = str


class Role(StrEnum):
    """What an edge is."""

    VALUE = "value"
    """A tensor that flows into a port."""
    TOWER = "tower"
    """A table or Tower that an argument names."""
    TABLE = "table"
    """A table through which a leaf reads a column."""


@dataclass(frozen=True, slots=True)
class Input:
    """What flows into a port: its node, and the expression that gave it."""

    source: NodeId
    span: Span


@dataclass(frozen=True, slots=True)
class Node:
    """One block where it stands in the spec; `arguments` are the places of what was given."""

    id: NodeId
    entry: Entry[Any]
    params: Any  # the entry's own dataclass
    span: Span
    word: Span
    ports: Mapping[str, tuple[Input, ...]]
    arguments: Mapping[str, Span]
    is_derived: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of the block."""
        return self.entry.kind

    @property
    def selections(self) -> tuple[tuple[str, Selection], ...]:
        """The parameters that select columns, by name."""
        found = ((each.name, getattr(self.params, each.name)) for each in parameters(type(self.params)))
        return tuple((name, value) for name, value in found if isinstance(value, Selection))

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All that flows in, in the order of the ports."""
        return tuple(each for port in self.ports.values() for each in port)


class SpecGraph:
    """Nodes and the edges between them, in the order in which they were made; a frozen graph once `build` is done.

    A check needs no more than an order and ancestors, so networkx, half of its time, is imported by what asks for it.
    """

    def __init__(self) -> None:
        self._nodes: dict[NodeId, Node] = {}
        self._into: dict[NodeId, dict[tuple[str, int, NodeId], Role]] = {}

    def add(self, node: Node) -> None:
        """Add a node with the edges of its ports."""
        self._nodes[node.id] = node
        self._into.setdefault(node.id, {})
        for port, inputs in node.ports.items():
            for index, each in enumerate(inputs):
                self.connect(each.source, node.id, Role.VALUE, port, index)

    def connect(self, source: NodeId, target: NodeId, role: Role, port: str, index: int = 0) -> None:
        """Add an edge; the same one again is kept once."""
        self._into.setdefault(target, {})[port, index, source] = role

    def __contains__(self, node: NodeId) -> bool:
        return node in self._nodes

    def __getitem__(self, node: NodeId) -> Node:
        return self._nodes[node]

    def __len__(self) -> int:
        return len(self._nodes)

    def order(self) -> Iterator[Node]:
        """Yield nodes so that sources come first; ties go by id (the lexicographic topological order)."""
        targets: dict[NodeId, set[NodeId]] = {id: set() for id in self._nodes}
        waits = {id: len(self._sources(id)) for id in self._nodes}
        for id in self._nodes:
            for source in self._sources(id):
                targets[source].add(id)
        ready = sorted(id for id, count in waits.items() if not count)
        while ready:
            id = heappop(ready)
            yield self._nodes[id]
            for target in sorted(targets[id]):
                waits[target] -= 1
                if not waits[target]:
                    heappush(ready, target)

    def edges(self) -> Iterator[tuple[Node, Node, Role, str]]:
        """Yield edges by target in order, then by port and index: source, target, role, port."""
        for target in self.order():
            for (port, _, source), role in sorted(self._into[target.id].items()):
                yield self._nodes[source], target, role, port

    def ancestors(self, node: NodeId) -> frozenset[NodeId]:
        """Return all nodes from which a path leads to a node."""
        found: set[NodeId] = set()
        frontier = [node]
        while frontier:
            for source in self._sources(frontier.pop()) - found:
                found.add(source)
                frontier.append(source)
        return frozenset(found)

    def tables(self, leaf: NodeId) -> dict[str, NodeId]:
        """Return the table through which a leaf reads each of its categorical columns, by column."""
        return {port: source for (port, _, source), role in self._into[leaf].items() if role is Role.TABLE}

    def without(self, nodes: frozenset[NodeId]) -> SpecGraph:
        """Return a copy that lacks some nodes and their edges."""
        copy = SpecGraph()
        copy._nodes = {id: node for id, node in self._nodes.items() if id not in nodes}
        copy._into = {
            id: {key: role for key, role in edges.items() if key[2] not in nodes}
            for id, edges in self._into.items()
            if id not in nodes
        }
        return copy

    @property
    def networkx(self) -> MultiDiGraph:
        """The graph as networkx has it, to draw and to measure: `node` on nodes; `role`, `port`, `index` on edges."""
        import networkx

        graph = networkx.MultiDiGraph()
        for node in self._nodes.values():
            graph.add_node(node.id, node=node)
        for target, edges in self._into.items():
            for (port, index, source), role in edges.items():
                graph.add_edge(source, target, key=f"{port}:{index}:{source}", role=role, port=port, index=index)
        return graph

    def _sources(self, node: NodeId) -> set[NodeId]:
        return {source for _, _, source in self._into[node]}


@dataclass(frozen=True, slots=True)
class CheckedGraph:
    """A graph with the type of every node; nodes without one are broken, which has been reported."""

    graph: SpecGraph
    types: Mapping[NodeId, Type]
    built: Built

    def value(self, node: NodeId) -> Value | None:
        """Return the Row, Seq or Tower of a node; None if it is a head or broken."""
        found = self.types.get(node)
        return None if found is None or isinstance(found, (Head, Columns)) else found

    @property
    def heads(self) -> Mapping[str, NodeId]:
        """The sound heads by name, in the order of the spec."""
        return self._defined(Keyword.HEAD)

    @property
    def encoders(self) -> Mapping[str, NodeId]:
        """The sound encoders by name, in the order of the spec."""
        return self._defined(Keyword.ENCODER)

    def _defined(self, keyword: Keyword) -> Mapping[str, NodeId]:
        definitions = self.built.facts.resolved.definitions
        nodes = {name: self.built.definitions.get(name) for name, each in definitions.items() if each.kind is keyword}
        return {name: node for name, node in nodes.items() if node is not None and node in self.types}
