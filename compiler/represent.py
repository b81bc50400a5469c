"""How a column becomes numbers, by its tags and then by its dtype (the rules of `features`)."""

from __future__ import annotations

from sess.compiler.block import Representation
from sess.compiler.schema import Column, Dtype

_SKIPPED_TAGS = ("time", "text")


def represent(column: Column, *, is_key: bool, is_time: bool) -> Representation:
    """Return what `features` makes of a column."""
    if is_key or is_time or column.dtype is Dtype.DATETIME or any(column.has(tag) for tag in _SKIPPED_TAGS):
        return Representation.SKIP
    if column.has("embedding"):
        return Representation.VECTORS
    if column.has("categorical") or column.has("id"):
        return Representation.EMBED
    if column.has("continuous"):
        return Representation.NUMERIC
    if column.dtype in (Dtype.STRING, Dtype.BOOL):
        return Representation.EMBED
    if column.dtype.is_float:
        return Representation.NUMERIC
    return Representation.UNCLEAR


def is_category(column: Column) -> bool:
    """Whether a column's tags say that it is categories."""
    return column.has("categorical") or (column.has("id") and not column.has("continuous"))


def has_codes(column: Column) -> bool:
    """Whether values of a column can be categories at all: whole numbers, texts and truth values."""
    return column.dtype.is_integer or column.dtype in (Dtype.STRING, Dtype.BOOL)
