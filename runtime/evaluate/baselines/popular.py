"""The scores of `popular`: every session gets the items by their training clicks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sess.runtime.evaluate.ranking import Popularity


class PopularScores:
    """Scores that grow with an item's clicks; items with the same number of clicks have the same score."""

    def __init__(self, popularity: Popularity) -> None:
        # The place among the different counts, not the count: exact in float32 however many clicks there are.
        self.steps = np.unique(popularity.clicks, return_inverse=True)[1].astype(np.float32)  # (N,)

    def scores(self, last: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return (B, N) scores for the codes of the last items, which play no part."""
        return np.broadcast_to(self.steps, (len(last), len(self.steps)))
