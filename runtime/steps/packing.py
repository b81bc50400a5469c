"""A prepared request as the one tensor between the two steps, and back; a copy stands in every served repository.

Every tensor between two steps costs Triton an allocation and a copy in shared memory (11 of them take 8 requests in
flight from 2.2 to 3.8 ms), so there is one: a head of whole numbers, and the bytes of all arrays behind it. Triton
batches only tensors that have one row a session, so that the bytes travel cut into as many equal pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .request import Asked

Array = NDArray[Any]  # codes, numbers, or the mask
Bytes = NDArray[np.uint8]

TENSOR = "prepared"
WORD = 8  # bytes: every array begins at a multiple of it


def packed(asked: Asked) -> Bytes:
    """Return a request as bytes (B, …); a request of no session has one row all the same."""
    allow = asked.deny[:0] if asked.allow is None else asked.allow
    arrays = [asked.mask, asked.seen_counts, asked.seen, asked.deny, allow, *asked.columns.values()]
    head = [asked.k, int(asked.allow is not None)]
    for array in arrays:
        head += (ord(array.dtype.char), array.ndim, *array.shape)
    parts = [np.array([len(head), *head], np.int64).tobytes()]
    for array in arrays:
        content = array.tobytes()
        parts.append(content.ljust(len(content) + -len(content) % WORD, b"\0"))
    whole = b"".join(parts)
    rows = max(1, len(asked.mask))
    width = -(-len(whole) // rows)
    return np.frombuffer(whole.ljust(rows * width, b"\0"), np.uint8).reshape(rows, width)


def fed(asked: Asked, graph: Mapping[str, str | None]) -> dict[str, Array]:
    """Return the inputs of a graph by its own names, each of a column or, for None, the mask; a row at the least."""
    tensors: dict[str, Array] = {}
    for name, column in graph.items():
        values = asked.mask if column is None else asked.columns[column]
        values = values if values.ndim > 1 else values[:, None]
        tensors[name] = values if len(values) else np.zeros((1, *values.shape[1:]), values.dtype)
    return tensors


def unpacked(rows: Bytes, columns: Iterable[str]) -> Asked:
    """Return the request of its bytes; `columns` are the model's, in the order in which they were packed."""
    whole = rows.reshape(-1)
    length = int(whole[:WORD].view(np.int64)[0])
    at = WORD * (length + 1)
    k, has_allow, *shapes = whole[WORD:at].view(np.int64).tolist()
    arrays: list[Array] = []
    while shapes:
        dtype, end = np.dtype(chr(shapes[0])), 2 + shapes[1]
        shape, shapes = shapes[2:end], shapes[end:]
        size = dtype.itemsize
        for each in shape:
            size *= each
        arrays.append(whole[at : at + size].view(dtype).reshape(shape))
        at += size + -size % WORD
    mask, seen_counts, seen, deny, allow, *rest = arrays
    return Asked(
        columns=dict(zip(columns, rest, strict=True)),
        mask=mask,
        k=k,
        seen=seen,
        seen_counts=seen_counts,
        allow=allow if has_allow else None,
        deny=deny,
    )
