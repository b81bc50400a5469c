"""Sessions as the tensors of a request, by the signature that the compiler planned: lists become values and offsets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import JsonValue
from sess.compiler.failures import Misused
from sess.compiler.plans import TensorPlan
from sess.compiler.ragged import OFFSETS, VALUES
from sess.compiler.types import Level
from sess.runtime.steps.checks import stored

Array = NDArray[Any]  # of the tensor's dtype
Row = Mapping[str, Any]  # a session: a list of values for a step column, one value for another

ITEM_LISTS = ("allow", "deny")
_WANTS = {"f": "numbers", "b": "true or false", "O": "texts"}


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """Return the numpy dtype in which a tensor travels: text as objects, times as whole microseconds."""
    return np.dtype(stored(dtype))


def step_columns(request: Iterable[TensorPlan]) -> tuple[str, ...]:
    """Return the columns that have a value, or a list, of every step, in order."""
    return tuple(column for column, level in _lists(request) if level is not Level.SESSION)


def bag_columns(request: Iterable[TensorPlan]) -> tuple[str, ...]:
    """Return the columns that have one list a session, in order."""
    return tuple(column for column, level in _lists(request) if level is Level.SESSION)


def session_columns(request: Iterable[TensorPlan]) -> tuple[str, ...]:
    """Return the columns that have one value, or one vector, a session, in order."""
    return tuple(tensor.column for tensor in request if tensor.column == tensor.name)


def is_nested(column: str, request: Iterable[TensorPlan]) -> bool:
    """Whether a column has a list of every step."""
    return any(tensor.name == column + VALUES + OFFSETS for tensor in request)


def _lists(request: Iterable[TensorPlan]) -> list[tuple[str, Level | None]]:
    return [(each.column, each.level) for each in request if each.column and each.name == each.column + OFFSETS]


def tensors_of(
    rows: Sequence[Row],
    request: Sequence[TensorPlan],
    *,
    k: int | None = None,
    allow: Sequence[int | str] = (),
    deny: Sequence[int | str] = (),
) -> dict[str, Array]:
    """Return the tensors of a request for these sessions; empty lists and a `k` of None are left out."""
    dtypes = {tensor.name: numpy_dtype(tensor.dtype) for tensor in request}
    made: dict[str, Array] = {}
    shapes = {tensor.name: tensor.shape for tensor in request}
    for column in (*step_columns(request), *bag_columns(request)):
        lists = [_listed(row[column], column) for row in rows]
        flat = [value for values in lists for value in values]
        made[column + OFFSETS] = np.cumsum([0, *map(len, lists)]).astype(np.int32)
        values = column + VALUES
        if is_nested(column, request):
            inner_lengths = [len(_listed(inner, column)) for inner in flat]
            made[values + OFFSETS] = np.cumsum([0, *inner_lengths]).astype(np.int32)
            values, flat = values + VALUES, [value for inner in flat for value in _listed(inner, column)]
        made[values] = _tensor(column, flat, dtypes[values], shapes[values])
    for column in session_columns(request):
        made[column] = _tensor(column, [row[column] for row in rows], dtypes[column], shapes[column])
    for name, ids in zip(ITEM_LISTS, (allow, deny), strict=True):
        if len(ids):
            made[name] = array_of(ids, dtypes[name], name)
    if k is not None:
        made["k"] = array_of([k], np.dtype(np.int32), "k")
    return made


def _listed(values: Any, column: str) -> Any:  # a list, or an array
    """Return a list of values; Misused if it is one value, such as a text, whose letters are no steps."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise Misused(f"`{column}` has {values!r} where the model reads a list")
    return values


def array_of(values: Sequence[Any], dtype: np.dtype[Any], name: str) -> Array:
    """Return one tensor, text as objects; Misused for a value that isn't of the dtype, which numpy would bend to it."""
    for value in values:
        if not _is_one(value, dtype):
            raise Misused(f"`{name}` has {value!r} where the model reads {_WANTS.get(dtype.kind, dtype)}")
    array = np.empty(len(values), dtype)
    array[:] = values
    return array


def _is_one(value: Any, dtype: np.dtype[Any]) -> bool:
    """Whether a value is of a dtype, without being bent to it: true is no number, and 300 is no int8."""
    if isinstance(value, (bool, np.bool_)) or dtype.kind == "b":
        return isinstance(value, (bool, np.bool_)) and dtype.kind == "b"
    if dtype.kind in "iu":
        return isinstance(value, (int, np.integer)) and np.iinfo(dtype).min <= int(value) <= np.iinfo(dtype).max
    return isinstance(value, (str, bytes) if dtype.kind == "O" else (int, float, np.integer, np.floating))


def _tensor(column: str, values: Sequence[Any], dtype: np.dtype[Any], shape: tuple[str, ...]) -> Array:
    """Return one tensor, of vectors where `shape` has a second size; Misused if one is of another length."""
    if len(shape) < 2:
        return array_of(values, dtype, column)
    width = int(shape[1])
    wrong = next((value for value in values if len(_listed(value, column)) != width), None)
    if wrong is not None:
        raise Misused(f"`{column}` has a vector of {len(wrong)} numbers, the model reads {width}")
    return array_of([each for value in values for each in value], dtype, column).reshape(-1, width)


def plain(values: Array) -> JsonValue:
    """Return an array as JSON values; bytes as text."""
    if values.dtype == object:
        values = np.vectorize(text_of, otypes=[object])(values) if values.size else values
    found: JsonValue = values.tolist()
    return found


def text_of(value: object) -> object:
    """Return text for the bytes in which it travels."""
    return value.decode() if isinstance(value, bytes) else value
