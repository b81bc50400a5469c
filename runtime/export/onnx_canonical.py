"""Canonical ONNX graphs: the converter draws names and sorts by them, so the graph itself says name and order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ROWS, OTHER = "B", ("T", "D")  # what a size that is any is called

Message = Any  # ONNX' protobuf messages have no types here


def make_canonical(model: Message) -> None:
    """Order nodes as the outputs need them, weights as nodes read them, and name both by their place.

    A graph with an inner graph keeps its names: values of inner graphs reach out by name.
    """
    graph = model.graph
    if any(attribute.HasField("g") for node in graph.node for attribute in node.attribute):
        return
    _share_outputs(graph)
    for place, tensor in enumerate((*graph.input, *graph.output)):
        for axis, size in enumerate(tensor.type.tensor_type.shape.dim):
            if size.dim_param:
                # Groups have lengths of their own, and equal names let onnxruntime put one into the memory of another.
                size.dim_param = f"{OTHER[axis - 1]}{place}" if axis else ROWS
    nodes = _ordered(graph)
    given = {each.name for each in (*graph.input, *graph.output)}
    weights = {each.name: each for each in graph.initializer}
    read = [name for node in nodes for name in node.input if name in weights]
    names = {name: name for name in given} | {"": ""}
    for place, name in enumerate(dict.fromkeys(read)):
        names.setdefault(name, f"w{place}")
    for place, node in enumerate(nodes):
        for i, output in enumerate(node.output):
            names.setdefault(output, f"n{place}.{i}" if output else "")
    kept = [_copy(weights[name]) for name in dict.fromkeys(read)]
    for weight in kept:
        weight.name = names[weight.name]
    for place, node in enumerate(nodes):
        node.name = f"n{place}"
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    _replace(graph.node, nodes)
    _replace(graph.initializer, kept)
    del graph.value_info[:]


def _share_outputs(graph: Message) -> None:
    """Let the first of several outputs that are one value be that value, and the others its copies."""
    sources = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    made = {output for node in graph.node if node.op_type != "Identity" for output in node.output}
    first: dict[str, str] = {}
    copies: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    for output in [each.name for each in graph.output]:
        value = output
        while value in sources:
            value = sources[value]
        if value not in made:
            continue
        if value in first:
            copies.append((first[value], output))
        first.setdefault(value, output)
        names |= {value: first[value], output: first[value]}
    maker = next((node for node in graph.node if node.op_type == "Identity"), None)
    nodes = [_copy(node) for node in graph.node if not (node.op_type == "Identity" and node.output[0] in names)]
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value, output in copies:
        copy = _copy(maker)
        copy.input[:], copy.output[:] = [value], [output]
        nodes.append(copy)
    _replace(graph.node, nodes)


def _ordered(graph: Message) -> list[Message]:
    """Return the nodes that the outputs need, each behind what it reads, the first input's nodes first."""
    makers = {output: i for i, node in enumerate(graph.node) for output in node.output if output}
    done: set[int] = set()
    order: list[int] = []
    stack = [(makers[each.name], False) for each in reversed(graph.output) if each.name in makers]
    while stack:
        node, is_ready = stack.pop()
        if node in done:
            continue
        if is_ready:
            done.add(node)
            order.append(node)
            continue
        stack.append((node, True))
        stack += [(makers[name], False) for name in reversed(graph.node[node].input) if name in makers]
    return [_copy(graph.node[i]) for i in order]


def _copy(message: Message) -> Message:
    return type(message).FromString(message.SerializeToString(deterministic=True))


def _replace(field: Message, messages: Iterable[Message]) -> None:
    del field[:]
    field.extend(messages)
