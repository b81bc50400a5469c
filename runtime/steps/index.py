"""An approximate index over a catalogue: a graph of near items that is walked instead of scanning them all.

A copy of this file stands in every served model repository; usearch is imported only where there is an index.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A step of the walk costs as much as scoring some tens of items in a scan: where it is no gain, there is no walk.
SCANNED_PER_STEP = 16


class Index:
    """Items by their vectors, and their biases as one dimension more; it finds candidates and says nothing of scores.

    A walk keeps `width` candidates, which the export found to be enough for the best `k` of the exact ranking.
    """

    def __init__(self, found: Any, width: int, k: int, *, has_bias: bool) -> None:
        self.width = width
        self._found, self._k, self._has_bias = found, k, has_bias  # usearch has no types that mypy can follow

    @classmethod
    def load(cls, folder: Path, facts: Mapping[str, Any], *, has_bias: bool) -> Index:
        """Return the index of a file, which is mapped, so that instances share its memory."""
        from usearch.index import Index as Graph

        graph = Graph.restore(str(folder / facts["file"]), view=True)
        return cls(graph, facts["width"], facts["k"], has_bias=has_bias)

    def is_gain(self, width: int) -> bool:
        """Whether a walk that keeps so many candidates is cheaper than a scan."""
        return width * SCANNED_PER_STEP <= len(self._found)

    def nearest(self, state: NDArray[np.float32], count: int) -> NDArray[np.int64] | None:
        """Return the places of about the `count` best items, in order of places; None where a scan is cheaper."""
        width = max(self.width, -(-self.width * count // self._k))
        if not self.is_gain(width):
            return None
        self._found.expansion_search = width
        asked = np.append(state, np.float32(1.0)) if self._has_bias else state
        places: NDArray[np.int64] = np.sort(self._found.search(asked, count, threads=1).keys.astype(np.int64))
        return places
