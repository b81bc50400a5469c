"""Frozen dataclasses to JSON and back, by their type hints: plans and parameters travel as plain data."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from sess.compiler.block import JsonValue

T = TypeVar("T")


def encode(value: object) -> JsonValue:
    """Return a dataclass, enum, tuple or mapping as JSON values; keys of mappings keep their order."""
    if isinstance(value, Enum):
        return cast(JsonValue, value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def decode(cls: type[T], value: JsonValue) -> T:
    """Return the dataclass that `encode` wrote; KeyError or TypeError if it didn't."""
    return cast(T, _decode(cls, value))


def dumps(value: object) -> str:
    """Return canonical JSON text: sorted keys, no spaces; equal values give equal text."""
    return json.dumps(encode(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@cache
def _hints(cls: Any) -> dict[str, Any]:  # a class, which mypy doesn't take for hashable
    return get_type_hints(cls, include_extras=False)


def _decode(hint: Any, value: Any) -> Any:  # a type hint is any object
    if isinstance(hint, NewType):
        return _decode(hint.__supertype__, value)
    origin = get_origin(hint)
    if origin is Annotated:
        return _decode(get_args(hint)[0], value)
    if origin in (Union, types.UnionType):
        members = get_args(hint)
        if value is None:
            return None
        inner = [member for member in members if member is not type(None)]
        return _decode(inner[0], value) if len(inner) == 1 else value
    if origin is tuple:
        arguments = get_args(hint)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_decode(arguments[0], item) for item in value)
        return tuple(_decode(kind, item) for kind, item in zip(arguments, value, strict=True))
    if origin is Literal:
        return value
    if origin is not None and issubclass(origin, Mapping):
        arguments = get_args(hint)
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        hints = _hints(cast(Any, hint))
        return cast(type[Any], hint)(**{key: _decode(hints[key], item) for key, item in value.items()})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
