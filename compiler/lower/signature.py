"""The signature of what is served: the tensors of a request and of its answer."""

from __future__ import annotations

from sess.compiler.block import Representation
from sess.compiler.graph import CheckedGraph
from sess.compiler.lower.usage import Usage
from sess.compiler.plans import TensorPlan
from sess.compiler.ragged import OFFSETS, VALUES
from sess.compiler.types import Head, Level, Row, Seq


def request(checked: CheckedGraph, usage: Usage) -> tuple[TensorPlan, ...]:
    """Return the inputs: raw columns that the model reads (lists are ragged), then the optional ones."""
    facts, serve = checked.built.facts, checked.built.serve
    read = {*usage.inputs, *usage.raw, *([facts.item] if "seen" in serve.exclude and facts.item else [])}
    needed = {root for name in read for root in facts.roots(name)}
    tensors: list[TensorPlan] = []
    for column in facts.schema.columns:
        if column.name not in needed:
            continue
        level = facts.levels[column.name]
        # Seconds since 1970 don't fit into 32 bits of a float.
        dtype = "float64" if column.name in usage.times and column.dtype.is_float else column.dtype.value
        is_bag = facts.is_bag(column.name)
        is_vector = is_bag and facts.representation(column.name) is Representation.VECTORS
        width = facts.length(column.name) if is_vector else None
        tensors += _of_column(column.name, dtype, level, width, is_bag=is_bag and not is_vector)
    if "k" in serve.accept:
        tensors.append(TensorPlan("k", "int32", ("1",), True, None, None))
    for name in ("allow", "deny"):
        if name in serve.accept and facts.item is not None:
            item = facts.column(facts.item).dtype.value
            tensors.append(TensorPlan(name, item, (f"N({name})",), True, facts.item, None))
    return tuple(tensors)


def _of_column(name: str, dtype: str, level: Level, length: int | None, *, is_bag: bool) -> list[TensorPlan]:
    """Return a column's tensors by Merlin's ragged convention, which a bag of every step follows twice.

    `x` is one value or one vector a session; `x__values` and `x__offsets` are a list a session; where `x__values` are
    lists themselves, they are `x__values__values` and `x__values__offsets`.
    """
    width = () if length is None else (str(length),)
    is_list = level is Level.STEP or is_bag
    if not is_list:
        return [TensorPlan(name, dtype, ("B", *width), False, name, level)]
    offsets = TensorPlan(name + OFFSETS, "int32", ("B+1",), False, name, level)
    if not is_bag:
        return [TensorPlan(name + VALUES, dtype, ("N", *width), False, name, level), offsets]
    count = f"N({name})"
    if level is not Level.STEP:
        return [TensorPlan(name + VALUES, dtype, (count,), False, name, level), offsets]
    return [
        TensorPlan(name + VALUES + VALUES, dtype, (count,), False, name, level),
        TensorPlan(name + VALUES + OFFSETS, "int32", ("N+1",), False, name, level),
        offsets,
    ]


def answers(checked: CheckedGraph) -> tuple[TensorPlan, ...]:
    """Return the outputs: ids and scores of every ranking head, one score of the others, the vector of every encoder.

    A vector is called `<encoder>.vector` here and in the model step; the served `<spec>.<encoder>` calls it `vector`.
    """
    tensors: list[TensorPlan] = []
    for name, node in checked.heads.items():
        head = checked.types[node]
        assert isinstance(head, Head)
        if head.is_ranking:
            dtype = checked.built.facts.value_dtype(head.target).value
            tensors.append(TensorPlan(f"{name}.ids", dtype, ("B", "K"), False, head.target, None))
            tensors.append(TensorPlan(f"{name}.scores", "float32", ("B", "K"), False, None, None))
        else:
            tensors.append(TensorPlan(f"{name}.score", "float32", ("B", "1"), False, head.target, None))
    for name, node in checked.encoders.items():
        found = checked.types[node]
        assert isinstance(found, (Row, Seq))
        tensors.append(TensorPlan(f"{name}.vector", "float32", ("B", str(found.width)), False, None, None))
    return tuple(tensors)
