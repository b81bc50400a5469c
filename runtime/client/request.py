"""Sessions as the tensors of a request: one value a session, lists by values and offsets, bags by both twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

from sess.compiler.ragged import OFFSETS, SUFFIXES, VALUES
from sess.runtime.client.errors import BadRequest
from sess.runtime.client.http import Document

OWN = ("k", "allow", "deny")

# What a datatype holds; its size, which is left out here, is for the server to check.
_READS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "BYTES": ((str,), "texts"), "BOOL": ((bool,), "true or false"), "FP": ((int, float), "numbers"),
    "INT": ((int,), "whole numbers"), "UINT": ((int,), "whole numbers"),
}  # fmt: skip

Inputs = Mapping[str, tuple[str, Sequence[int]]]  # datatype and shape of each input, by name


def own_tensors(inputs: Inputs, given: Mapping[str, Any]) -> list[Document]:
    """Return the tensors of `k`, `allow` and `deny`; what is empty is left out, what isn't accepted is refused."""
    tensors: list[Document] = []
    for name, value in given.items():
        data = [] if value is None else list(value) if hasattr(value, "__len__") else [value]
        if data and name not in inputs:
            raise BadRequest(f"the model doesn't accept `{name}`", name)
        if data:
            tensors.append(_tensor(name, inputs[name][0], data))
    return tensors


def column_tensors(inputs: Inputs, rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Return the tensors of the columns, of rows that have values by column."""
    tensors: list[Document] = []
    for name, (datatype, shape) in inputs.items():
        if name in OWN:
            continue
        column, parts = apart(name)
        values = [_value(row, column, place) for place, row in enumerate(rows)]
        for part in parts:
            values = _flat(values, column) if part == VALUES else [0, *accumulate(map(len, _lists(values, column)))]
        size = shape[1] if len(shape) > 1 else None
        wrong = next((each for each in values if size is not None and len(_lists([each], column)[0]) != size), None)
        if wrong is not None:
            raise BadRequest(f"`{column}` has a vector of {len(wrong)} numbers, the model reads {size}", name)
        tensors.append(_tensor(name, datatype, values, size))
    return tensors


def apart(name: str) -> tuple[str, list[str]]:
    """Return a tensor's column, and the suffixes behind it from left to right."""
    parts: list[str] = []
    while name.endswith(SUFFIXES):
        parts.insert(0, VALUES if name.endswith(VALUES) else OFFSETS)
        name = name.removesuffix(parts[0])
    return name, parts


def _tensor(name: str, datatype: str, values: list[Any], size: int | None = None) -> Document:
    shape = [len(values)] if size is None else [len(values), size]
    flat = values if size is None else chain.from_iterable(values)
    data = [value.item() if hasattr(value, "item") else value for value in flat]  # numbers of numpy
    kinds, wanted = _READS[datatype.rstrip("0123456789")]
    for value in data:
        if type(value) not in kinds:
            raise BadRequest(f"`{name}` has {value!r} where the model reads {wanted}", name)
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _value(row: Mapping[str, Any], column: str, place: int) -> Any:  # of the column's dtype
    if column not in row:
        raise BadRequest(f"session {place} lacks `{column}`, which the model reads", column)
    return row[column]


def _flat(values: Sequence[Any], column: str) -> list[Any]:
    return list(chain.from_iterable(_lists(values, column)))


def _lists(values: Sequence[Any], column: str) -> Sequence[Any]:
    """Return values that are lists; BadRequest if one isn't."""
    for value in values:
        if isinstance(value, str) or not hasattr(value, "__len__"):
            raise BadRequest(f"`{column}` has {value!r} where the model reads a list", column)
    return values
