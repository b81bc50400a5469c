"""Merlin's schema as frozen data: columns with tags, dtypes, shapes and domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sess.compiler.source import Source, Span
from sess.compiler.tags import written


class Dtype(StrEnum):
    """The dtypes that columns and tensors of a spec have."""

    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    FLOAT16 = "float16"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BOOL = "bool"
    STRING = "string"
    DATETIME = "datetime64[us]"

    @property
    def is_integer(self) -> bool:
        """Whether values are whole numbers."""
        return self.value.startswith(("int", "uint"))

    @property
    def is_float(self) -> bool:
        """Whether values are floating point numbers."""
        return self.value.startswith("float")


@dataclass(frozen=True, slots=True)
class Column:
    """One feature of a schema.

    Merlin's own `tags` are lower case, its compound ones taken apart as Merlin does; custom ones are as written.
    `length` is the fixed length of a list, None for a ragged one or a scalar; `inner` is that of the lists in a list of
    lists (`is_nested`). `domain` is the name of the schema's integer or string domain, None if it has none.
    """

    name: str
    dtype: Dtype
    tags: frozenset[str]
    is_list: bool
    span: Span = field(repr=False, compare=False)
    length: int | None = None
    is_nested: bool = False
    inner: int | None = None
    domain: str | None = None
    domain_max: int | None = None
    properties: Mapping[str, str | float | bool] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def has(self, tag: str) -> bool:
        """Whether the column carries a tag; Merlin's own are in lower case."""
        return tag in self.tags


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a data set in the order of its schema file."""

    source: Source = field(repr=False)
    columns: tuple[Column, ...]

    def find(self, name: str) -> Column | None:
        """Return the column; None if the schema has no such column."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns in order."""
        return tuple(column.name for column in self.columns)


def declared(column: Column) -> str:
    """Return what a schema says of a column: `a list of int64, tagged CATEGORICAL, SEQUENCE`."""
    tags = ", ".join(map(written, sorted(column.tags)))
    kind = f"a list of {column.dtype.value}" if column.is_list else column.dtype.value
    return f"{kind}, tagged {tags}" if tags else f"{kind}, without tags"
