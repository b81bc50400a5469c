"""The model: tables, the blocks of the trunk in order, encoders and heads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sess.compiler.block import Chosen, JsonValue, Kind, Selection
from sess.compiler.codec import encode
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.input_names import raw_name
from sess.compiler.lower.usage import Usage
from sess.compiler.plans import CataloguePlan, ColumnPlan, EncoderPlan, HeadPlan, ModelPlan, NodePlan, TablePlan
from sess.compiler.signature import parameters
from sess.compiler.types import Head, Level, Row, Seq

_TRUNK = (Kind.FEATURES, Kind.SHAPE, Kind.DENSE, Kind.ENCODER)


def lower_model(
    checked: CheckedGraph, usage: Usage, lengths: Iterable[str], catalogue: tuple[ColumnPlan, ...]
) -> ModelPlan:
    """Return the plan of the model."""
    built = checked.built
    order = list(checked.graph.order())
    tables = tuple(_table(checked, node) for node in order if node.kind is Kind.TABLE)
    return ModelPlan(
        name=built.facts.resolved.name.text,
        inputs=(*usage.inputs, *map(raw_name, usage.raw), *lengths),
        tables=tables,
        nodes=tuple(_node(checked, node) for node in order if node.kind in _TRUNK),
        encoders=tuple(EncoderPlan(name, node) for name, node in checked.encoders.items()),
        heads=tuple(_head(checked, name, node) for name, node in checked.heads.items()),
        objective=built.train.objective,
        keep=int(str(built.facts.data.keep.params["n"])),
        seed=built.train.seed,
        group=built.facts.group,
        catalogue=CataloguePlan(built.facts.domains.of[built.facts.item or ""], catalogue) if catalogue else None,
    )


def _written(params: Any) -> Mapping[str, JsonValue]:  # any block's parameters
    written = encode(params)
    assert isinstance(written, dict)
    return written


def _table(checked: CheckedGraph, node: Node) -> TablePlan:
    selection = next(
        value
        for each in parameters(type(node.params))
        if isinstance(value := getattr(node.params, each.name), Selection)
    )
    dim = getattr(node.params, "dim", None)
    params = {name: value for name, value in _written(node.params).items() if name not in ("item", "dim")}
    domain = checked.built.facts.domain(selection.names[0], selection.level) or selection.names[0]
    return TablePlan(node.id, domain, dim if isinstance(dim, int) else None, params)


def _node(checked: CheckedGraph, node: Node) -> NodePlan:
    found = checked.types[node.id]
    level = Level.STEP if isinstance(found, Seq) else Level.SESSION if isinstance(found, Row) else Level.CATALOGUE
    inputs = {port: tuple(each.source for each in sources) for port, sources in node.ports.items()}
    return NodePlan(
        node.id, Chosen(node.entry.name, _written(node.params)), node.kind.value, inputs, level, str(found),
        checked.graph.tables(node.id), _group(checked, node),
    )  # fmt: skip


def _group(checked: CheckedGraph, node: Node) -> str:
    values = (checked.value(id) for id in (node.id, *(each.source for each in node.inputs)))
    return next((value.group for value in values if isinstance(value, Seq)), checked.built.facts.group)


def _head(checked: CheckedGraph, name: str, id: str) -> HeadPlan:
    node, head = checked.graph[id], checked.types[id]
    assert isinstance(head, Head)
    return HeadPlan(
        name=name,
        block=Chosen(node.entry.name, _written(node.params)),
        state=node.inputs[0].source if node.inputs else None,
        target=head.target,
        target_level=head.target_level,
        target_domain=checked.built.facts.domains.of.get(head.target) if head.is_ranking else None,
        is_ranking=head.is_ranking,
        weight=float(getattr(node.params, "weight", 1.0)),
    )
