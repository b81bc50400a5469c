"""Lists of varying length, one beside the other: what a bag column holds; a copy stands in every served repository."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # codes, or the user's values
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bags:
    """The values of all lists in order, and where each begins and ends: `offsets` (S+1,)."""

    values: Array
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, places: Any) -> Bags:  # a slice, or places (P,)
        """Return the lists at these places."""
        chosen = np.arange(len(self))[places]
        lengths = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        inner = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], lengths)
        return Bags(self.values[inner], offsets)

    def lists(self) -> list[Any]:
        """Return the lists as lists."""
        values: list[Any] = self.values.tolist()
        bounds = self.offsets.tolist()
        return [values[begin:end] for begin, end in pairwise(bounds)]

    def padded(self, places: Ints, is_real: NDArray[np.bool_] | None = None) -> Array:
        """Return codes (…, N) of the lists at places (…), 0 behind a list's end and where no place is real."""
        lengths = np.diff(self.offsets)
        count = lengths[places] if len(lengths) else np.zeros(places.shape, np.int64)
        count = count if is_real is None else np.where(is_real, count, 0)
        across = np.arange(max(1, int(count.max(initial=0))))
        mask = across < count[..., None]  # (…, N)
        found = np.zeros(mask.shape, self.values.dtype)
        found[mask] = self.values[(self.offsets[:-1][places][..., None] + across)[mask]] if len(lengths) else 0
        return found


def gathered(values: Array | Bags, places: Ints, is_real: NDArray[np.bool_]) -> Array:
    """Return values (B, T), or wider, at places (B, T) of what has one of them a step; 0 where no place is real."""
    if isinstance(values, Bags):
        return values.padded(places, is_real)
    found = np.zeros((*places.shape, *values.shape[1:]), values.dtype)
    found[is_real] = values[places[is_real]]
    return found
