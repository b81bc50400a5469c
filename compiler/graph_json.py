"""The checked graph as networkx' node-link JSON: what an artifact keeps of its spec's structure."""

from __future__ import annotations

import json

from sess.compiler.block import JsonValue
from sess.compiler.codec import encode
from sess.compiler.graph import CheckedGraph


def node_link(checked: CheckedGraph) -> dict[str, JsonValue]:
    """Return nodes with block, parameters and type, and edges with port and role, in topological order."""
    nodes: list[JsonValue] = []
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
        for index, (source, target, role, port) in enumerate(checked.graph.edges())
    ]
    return {"directed": True, "multigraph": True, "graph": {}, "nodes": nodes, "edges": links}


def dumps(checked: CheckedGraph) -> str:
    """Return the JSON text."""
    return json.dumps(node_link(checked), indent=2, sort_keys=True) + "\n"
