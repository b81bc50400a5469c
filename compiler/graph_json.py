"""The checked graph as networkx' node-link JSON: what an artifact keeps of its spec's structure."""

from __future__ import annotations

import json

from sess.compiler.block import JsonValue
from sess.compiler.codec import encode
from sess.compiler.graph import CheckedGraph


def node_link(checked: CheckedGraph) -> dict[str, JsonValue]:
    """Return nodes with block, parameters and type, in topological order, and edges with port and role.

    Edges are in the order of their sources, then targets, as networkx gives them back.
    """
    nodes: list[JsonValue] = []
    place = {node.id: number for number, node in enumerate(checked.graph.order())}
    edges = sorted(checked.graph.edges(), key=lambda edge: (place[edge[0].id], place[edge[1].id]))
    for node in checked.graph.order():
        found = checked.types.get(node.id)
        nodes.append(
            {
                "id": node.id,
                "block": node.entry.name,
                "kind": node.kind.value,
                "params": encode(node.params),
                "type": None if found is None else str(found),
            }
        )
    links: list[JsonValue] = [
        {"source": source.id, "target": target.id, "key": index, "port": port, "role": role.value}
        for index, (source, target, role, port) in enumerate(edges)
    ]
    return {"directed": True, "multigraph": True, "graph": {}, "nodes": nodes, "edges": links}


def dumps(checked: CheckedGraph) -> str:
    """Return the JSON text."""
    return json.dumps(node_link(checked), indent=2, sort_keys=True) + "\n"
