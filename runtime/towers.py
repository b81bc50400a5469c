"""Nodes of a plan as Keras tensors: tables, the blocks that read them, and Towers as functions of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from sess.compiler.block import Chosen, JsonValue, Kind
from sess.compiler.plans import ModelPlan, NodePlan, TablePlan
from sess.compiler.registry import registry
from sess.compiler.types import Level
from sess.runtime.border import Border, Surroundings, lower
from sess.runtime.layers.table import Tower, width_of
from sess.runtime.vocabulary import VocabularySize

Tensor = Any  # Keras tensors have no type that mypy could know


def lower_table(table: TablePlan, items: VocabularySize, around: Surroundings) -> Any:  # a Table layer
    """Return the layer of a table."""
    border = Border(around, table.name, {})
    border.items, border.width = items, width_of(table.dim, items)
    item: JsonValue = {"names": [table.name], "level": Level.STEP.value, "group": None}
    return lower(Chosen("embedding", {"item": item, "dim": table.dim or "auto", **table.params}), Kind.TABLE, border)


def lower_node(node: NodePlan, values: Mapping[str, Tensor], around: Surroundings) -> Tensor:
    """Return what a node gives, from what its inputs give."""
    entry = registry().find(node.block.name, Kind(node.kind))
    ports = {port.name: port.is_variadic for port in getattr(entry, "inputs", ())}
    inputs = {
        port: tuple(values[id] for id in ids) if ports.get(port) else values[ids[0]]
        for port, ids in node.inputs.items()
    }
    tables = {column: around.tables[table] for column, table in node.tables.items()}
    return lower(node.block, node.kind, Border(replace(around, column_tables=tables), node.id, inputs, node.group))


def lower_towers(plan: ModelPlan, sizes: Mapping[str, VocabularySize], around: Surroundings) -> dict[str, Tower]:
    """Return every node that gives a vector an item, as a function of codes; a tower reads tables of one domain."""
    domains = {table.name: table.domain for table in plan.tables}
    codes = {domain: keras.Input((), dtype="int32", name="codes") for domain in domains.values()}  # (V,)
    values = {name: around.tables[name](codes[domain]) for name, domain in domains.items()}  # (V, D)
    towers: dict[str, Tower] = {}
    for node in plan.nodes:
        if node.level is Level.CATALOGUE:
            domains[node.id] = domains[next(id for ids in node.inputs.values() for id in ids)]
            values[node.id] = lower_node(node, values, around)
            vectors = keras.Model(codes[domains[node.id]], values[node.id])
            towers[node.id] = Tower(vectors, sizes[domains[node.id]])
    return towers
