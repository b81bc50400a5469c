"""What is popular: the answer to a session without a step; a copy of this file stands in every served repository."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]
NEVER = np.finfo(np.float32).min


class Popular:
    """The codes of a domain by how often training holds them; ties go to the lower code."""

    def __init__(self, counts: NDArray[np.integer[Any]], reserved: int) -> None:
        self._counts, self._reserved = counts, reserved
        self._ranked = np.argsort(-counts, kind="stable").astype(np.int32) + reserved  # (N,)

    def rank(self, k: int, exclude: Codes, allow: Codes | None) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return codes and counts as scores, min(k, N) each; 0 and the lowest score where no candidate is left.

        An `allow` of None allows everything.
        """
        places = min(k, len(self._counts))
        codes, scores = np.zeros(places, np.int32), np.full(places, NEVER, np.float32)
        found = self._ranked[: k + len(exclude)] if allow is None else self._ranked[np.isin(self._ranked, allow)]
        found = found[~np.isin(found, exclude)][:places]
        codes[: len(found)] = found
        scores[: len(found)] = self._counts[found - self._reserved]
        return codes, scores
