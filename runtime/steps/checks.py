"""What one tensor of a request must be; a copy of this file stands in every served repository."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # of the dtype that the signature gives the tensor
Ints = NDArray[np.int64]

LONGEST_TEXT = 4096  # bytes


class BadRequest(ValueError):
    """The request breaks a rule; the message names the tensor and the rule, `rule` is the word to count it under."""

    def __init__(self, message: str, rule: str = "contract") -> None:
        super().__init__(message)
        self.rule = rule


def stored(dtype: str) -> str:
    """Return numpy's name of the dtype in which a tensor travels."""
    return "object" if dtype == "string" else "int64" if dtype.startswith("datetime") else dtype


def texts_of(name: str, values: Array) -> Array:
    texts = np.empty(len(values), object)
    for i, value in enumerate(values.tolist()):
        if len(value) > LONGEST_TEXT:
            raise BadRequest(f"`{name}`: value {i} has {len(value):,} bytes, a text may have {LONGEST_TEXT:,}")
        try:
            texts[i] = value.decode() if isinstance(value, bytes) else value
        except UnicodeDecodeError:
            raise BadRequest(f"`{name}`: value {i} is not UTF-8") from None
    return texts


def check_lists(name: str, offsets: Ints, rows: int, longest: int, most: int) -> None:
    """Refuse a list that is too long, and one that makes all `rows` too wide, as dense arrays are as wide as that."""
    lengths = np.diff(offsets)
    place = int(np.argmax(lengths)) if len(lengths) else 0
    found = int(lengths.max(initial=0))
    if found > longest:
        raise BadRequest(f"`{name}`: list {place} has {found:,} values, a list may have {longest:,}")
    if found * rows > most:
        raise BadRequest(
            f"`{name}`: {rows:,} lists as long as list {place}, of {found:,} values, take {found * rows:,} places, a"
            f" request may take {most:,}"
        )


def check_offsets(name: str, offsets: Ints, values_name: str, values: int, last: str = "the length of") -> None:
    if not len(offsets):
        raise BadRequest(f"`{name}` is empty, it must start with 0")
    if offsets[0] != 0:
        raise BadRequest(f"`{name}` must start at 0, it starts at {offsets[0]}")
    falls = offsets[1:] < offsets[:-1]
    if falls.any():
        i = int(np.argmax(falls)) + 1
        raise BadRequest(f"`{name}` must not decrease: offset {i} is {offsets[i]} after {offsets[i - 1]}")
    if offsets[-1] != values:
        raise BadRequest(f"`{name}` must end at {last} `{values_name}`, {values}; it ends at {offsets[-1]}")
