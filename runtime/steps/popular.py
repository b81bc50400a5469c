"""What is popular: the answer to a session without a step; a copy of this file stands in every served repository."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]
NEVER = np.finfo(np.float32).min


class Popular:
    """The codes of a domain by how often training holds them; ties go to the lower code."""

    def __init__(self, counts: NDArray[np.integer[Any]], ranked: NDArray[np.int32], reserved: int) -> None:
        """Take the count of every place, and the places by it."""
        self._counts, self._ranked, self._reserved = counts, ranked, reserved

    def rank(self, k: int, exclude: Codes, allow: Codes | None) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return codes and counts as scores, min(k, N) each; 0 and the lowest score where no candidate is left.

        An `allow` of None allows everything.
        """
        most, excluded = min(k, len(self._counts)), self._places(exclude)
        codes, scores = np.zeros(most, np.int32), np.full(most, NEVER, np.float32)
        if allow is None:
            found = self._ranked[: k + len(excluded)]
            found = found[~np.isin(found, excluded)][:most]
        else:
            allowed = np.setdiff1d(self._places(allow), excluded)
            found = allowed[np.argsort(-self._counts[allowed], kind="stable")][:most]
        codes[: len(found)] = found + self._reserved
        scores[: len(found)] = self._counts[found]
        return codes, scores

    def _places(self, codes: Codes) -> NDArray[np.int64]:
        """Return the places of real items, each once."""
        places = np.unique(np.asarray(codes, np.int64)) - self._reserved
        found: NDArray[np.int64] = places[(places >= 0) & (places < len(self._counts))]
        return found
