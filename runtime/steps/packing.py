"""A prepared request as the tensors between the two steps, and back; a copy stands in every served repository.

Triton batches only tensors that have one row a session, (B, …): lists that belong to the whole request travel cut into
B equal pieces, with their length in every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .request import Asked

Array = NDArray[Any]  # codes, numbers, or the mask

COLUMN = "column."
LISTS = ("seen", "allow", "deny")
EVERYTHING = -1  # the length of an `allow` that isn't given


def names(columns: Iterable[str]) -> list[str]:
    """Return the tensors between the steps, in order."""
    lists = [name for list_name in LISTS for name in (list_name, f"{list_name}.count")]
    return [*(COLUMN + column for column in columns), "mask", "is_real", "k", "seen.counts", *lists]


def packed(asked: Asked) -> dict[str, Array]:
    """Return the tensors of a request, all (B, …); a request of no session sends one row that isn't real."""
    rows = max(1, len(asked.mask))
    is_real = np.ones(len(asked.mask), bool)
    tensors = {COLUMN + name: _two_dimensional(values) for name, values in asked.columns.items()}
    tensors |= {"mask": asked.mask, "is_real": is_real[:, None]}
    tensors["seen.counts"] = asked.seen_counts.astype(np.int32)[:, None]
    sent = {name: values if len(values) else _one_row(values) for name, values in tensors.items()}
    sent["k"] = np.full((rows, 1), asked.k, np.int32)
    for name, codes in (("seen", asked.seen), ("allow", asked.allow), ("deny", asked.deny)):
        length = EVERYTHING if codes is None else len(codes)
        pieces = np.zeros((rows, max(1, -(-max(0, length) // rows))), np.int32)
        if codes is not None:
            pieces.ravel()[: len(codes)] = codes
        sent[name], sent[f"{name}.count"] = pieces, np.full((rows, 1), length, np.int32)
    return sent


def unpacked(tensors: Mapping[str, Array], sessions: Iterable[str]) -> Asked:
    """Return the request of its tensors; `sessions` are the columns with one value a session."""
    is_real = tensors["is_real"][:, 0]
    lists: dict[str, NDArray[np.int32] | None] = {}
    for name in LISTS:
        length = int(tensors[f"{name}.count"][0, 0])
        lists[name] = None if length == EVERYTHING else tensors[name].reshape(-1)[:length]
    columns = {name.removeprefix(COLUMN): values for name, values in tensors.items() if name.startswith(COLUMN)}
    columns |= {name: columns[name][:, 0] for name in sessions}
    nothing = np.zeros(0, np.int32)
    seen, deny = lists["seen"], lists["deny"]
    return Asked(
        columns={name: values[is_real] for name, values in columns.items()},
        mask=tensors["mask"][is_real],
        k=int(tensors["k"][0, 0]),
        seen=nothing if seen is None else seen,
        seen_counts=tensors["seen.counts"][is_real, 0].astype(np.int64),
        allow=lists["allow"],
        deny=nothing if deny is None else deny,
    )


def _one_row(values: Array) -> Array:
    return np.zeros((1, *values.shape[1:]), values.dtype)


def _two_dimensional(values: Array) -> Array:
    return values[:, None] if values.ndim == 1 else values
