"""Nodes of a plan as Keras tensors: tables, the blocks that read them, and Towers as functions of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
from numpy.typing import NDArray

from sess.compiler.block import Chosen, JsonValue, Kind
from sess.compiler.plans import CataloguePlan, ModelPlan, NodePlan, TablePlan
from sess.compiler.registry import registry
from sess.compiler.types import Level
from sess.runtime.border import Border, Surroundings, lower
from sess.runtime.layers.constants import Constants
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


def lower_towers(
    plan: ModelPlan, sizes: Mapping[str, VocabularySize], around: Surroundings, items: Mapping[str, NDArray[Any]]
) -> dict[str, Tower]:
    """Return every node that gives a vector an item, as a function of codes; a tower reads tables of one domain.

    `items` are the catalogue's values (V, …) by column.
    """
    domains = {table.name: table.domain for table in plan.tables}
    read = dict.fromkeys((*domains.values(), *([plan.catalogue.domain] if plan.catalogue else [])))
    codes = {domain: keras.Input((), dtype="int32", name="codes") for domain in read}  # (V,)
    values = {name: around.tables[name](codes[domain]) for name, domain in domains.items()}  # (V, D)
    of_items = _of_items(plan.catalogue, codes, around, items) if plan.catalogue else around
    towers: dict[str, Tower] = {}
    for node in plan.nodes:
        if node.level is Level.CATALOGUE:
            sources = [id for ids in node.inputs.values() for id in ids]
            domains[node.id] = domains[sources[0]] if sources else plan.catalogue.domain if plan.catalogue else ""
            values[node.id] = lower_node(node, values, around if sources else of_items)
            vectors = keras.Model(codes[domains[node.id]], values[node.id])
            towers[node.id] = Tower(vectors, sizes[domains[node.id]])
    return towers


def stored_items(catalogue: CataloguePlan | None, weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the catalogue's values as they stand among a model's weights."""
    columns = catalogue.columns if catalogue else ()
    return {column.name: weights[f"{_owner(column.name)}.constants_1/values"] for column in columns}


def _of_items(
    catalogue: CataloguePlan, codes: Mapping[str, Tensor], around: Surroundings, items: Mapping[str, NDArray[Any]]
) -> Surroundings:
    """Return the surroundings of blocks that read the catalogue: its columns by the code of the item, (V, …)."""
    tensors = {
        column.name: around.layers.make(_owner(column.name), Constants, items[column.name])(codes[catalogue.domain])
        for column in catalogue.columns
    }
    columns = {column.name: column for column in catalogue.columns}
    return replace(around, columns=columns, tensors=tensors, hidden=None, sides={})


def _owner(column: str) -> str:
    """Return the name under which a column's values stand among the weights."""
    return f"catalogue.{column}".replace("/", ".")
