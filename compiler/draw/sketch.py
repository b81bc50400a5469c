"""The picture of a program: columns, tables, blocks, heads, answers, and beside them what is only in training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sess.compiler.block import Chosen, JsonValue
from sess.compiler.draw.picture import Card, Look, Picture, Wire
from sess.compiler.plans import ColumnPlan, HeadPlan, ModelPlan, NodePlan, Program, Role
from sess.compiler.types import Level

SHOWN = 4
WIDEST = 46


def sketch(program: Program) -> Picture:
    """Return cards and wires in the order of the plan."""
    model = program.model
    columns = {column.name: column for column in program.workflow.columns}
    cards: list[Card] = []
    wires: list[Wire] = []
    for table in model.tables:
        width = "auto" if table.dim is None else str(table.dim)
        cards.append(Card(f"table:{table.name}", table.name, f"embedding of {table.domain}",
                          f"Tower[{width}]", Look.TABLE))  # fmt: skip
    named = {encoder.node: encoder.name for encoder in model.encoders}
    sources: dict[tuple[str, ...], str] = {}
    for node in model.nodes:
        read = _columns_read(node, columns)
        if read:
            card = sources.get(read) or _add_columns(read, columns, cards)
            sources[read] = card
            wires.append(Wire(card, node.id))
            tables = dict.fromkeys(model.column_tables[name] for name in read if name in model.column_tables)
            wires += [Wire(f"table:{table}", node.id) for table in tables]
        cards.append(_node_card(node, named.get(node.id)))
        wires += [Wire(source, node.id, port if len(node.inputs) > 1 else "")
                  for port, ids in node.inputs.items() for source in ids]  # fmt: skip
    for head in model.heads:
        _add_head(head, program, cards, wires)
    for encoder in model.encoders:
        answer = f"answer:{encoder.name}"
        cards.append(Card(answer, f"{model.name}.{encoder.name}", "vector", "(B, D)", Look.ANSWER))
        wires.append(Wire(encoder.node, answer))
    _add_training(model, sources, cards, wires)
    known = {card.id for card in cards}
    wires = [wire for wire in dict.fromkeys(wires) if wire.source in known and wire.target in known]
    joined = {end for wire in wires for end in (wire.source, wire.target)}
    return Picture(program.name, tuple(card for card in cards if card.id in joined), tuple(wires))


def _columns_read(node: NodePlan, columns: Mapping[str, ColumnPlan]) -> tuple[str, ...]:
    """Return the columns whose values a leaf reads; blocks with inputs only name columns."""
    if node.inputs and any(node.inputs.values()):
        return ()
    found = [name for value in node.block.params.values() for name in _selected(value)]
    return tuple(name for name in dict.fromkeys(found) if name in columns)


def _selected(value: JsonValue) -> Iterable[str]:
    if isinstance(value, Mapping) and isinstance(value.get("names"), (list, tuple)):
        return [str(name) for name in value["names"]]  # type: ignore[union-attr]
    return ()


def _add_columns(read: tuple[str, ...], columns: Mapping[str, ColumnPlan], cards: list[Card]) -> str:
    first = columns[read[0]]
    is_step = first.role in (Role.STEP, Role.TIME)
    title = ", ".join(read[:SHOWN]) + (f" and {len(read) - SHOWN} more" if len(read) > SHOWN else "")
    detail = f"{len(read)} {'step' if is_step else 'session'} column{'s' if len(read) > 1 else ''}"
    id = "columns:" + ",".join(read)
    cards.append(Card(id, title, detail, "(B, T)" if is_step else "(B)", Look.COLUMN))
    return id


def _node_card(node: NodePlan, name: str | None) -> Card:
    title = f"{name} = {node.block.name}" if name else node.block.name
    look = Look.ENCODER if name or node.kind == "encoder" else Look.BLOCK
    return Card(node.id, title, _arguments(node.block), node.type, look)


def _arguments(block: Chosen) -> str:
    """Return the arguments as written in a spec; selections and empty ones are left out, long texts are cut."""
    words = []
    for key, value in block.params.items():
        if value is None or value == {} or (isinstance(value, Mapping) and "names" in value):
            continue
        words.append(f"{key}={_value(value)}")
    text = ", ".join(words)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _value(value: JsonValue) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case dict() if "name" in value:
            return str(value["name"])
        case _:
            return str(value)


def _add_head(head: HeadPlan, program: Program, cards: list[Card], wires: list[Wire]) -> None:
    title = f"{head.name} = {head.block.name}"
    tied = head.block.params.get("tied")
    detail = head.target + (f", tied={tied}" if isinstance(tied, str) else "")
    cards.append(Card(f"head:{head.name}", title, detail, f"Head[{head.target}]", Look.HEAD))
    if head.state is not None:
        wires.append(Wire(head.state, f"head:{head.name}"))
    if isinstance(tied, str):
        wires += [Wire(f"table:{tied}", f"head:{head.name}", "tied"), Wire(tied, f"head:{head.name}", "tied")]
    outputs = f"{head.name}.ids, {head.name}.scores" if head.is_ranking else f"{head.name}.score"
    detail = f"top {program.serving.top_k} of the catalogue" if head.is_ranking else "one number a session"
    cards.append(Card(f"answer:{head.name}.head", outputs, detail, "(B, K)" if head.is_ranking else "(B)", Look.ANSWER))
    wires.append(Wire(f"head:{head.name}", f"answer:{head.name}.head"))


def _add_training(
    model: ModelPlan, sources: Mapping[tuple[str, ...], str], cards: list[Card], wires: list[Wire]
) -> None:
    """Add the objective and the losses, which no served model has."""
    if model.objective is not None:
        cards.append(Card("objective", model.objective.name, _arguments(model.objective), "labels", Look.TRAIN, True))
        targets = {head.target for head in model.heads if head.target_level is Level.STEP}
        wires += [Wire(id, "objective", "", True) for read, id in sources.items() if targets & set(read)]
    for head in model.heads:
        loss = head.block.params.get("loss")
        name = str(loss["name"]) if isinstance(loss, Mapping) else "cross-entropy"
        weight = "" if head.weight == 1 else f"weight {head.weight:g}"
        cards.append(Card(f"loss:{head.name}", name, weight, "loss", Look.TRAIN, True))
        wires.append(Wire(f"head:{head.name}", f"loss:{head.name}", "", True))
        if model.objective is not None and head.target_level is Level.STEP:
            wires.append(Wire("objective", f"loss:{head.name}", "", True))
