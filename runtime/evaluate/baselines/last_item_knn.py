"""The scores of `last_item_knn`: cosine of the training sessions that hold the last item and each other item."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sess.runtime.evaluate.baselines.popular import PopularScores
from sess.runtime.evaluate.ranking import Popularity


class LastItemKnnScores:
    """Cosines in (0, 1] for items that share a session with the last one; the others below 0, by popularity."""

    def __init__(self, popularity: Popularity, sessions: NDArray[np.int64], items: NDArray[np.int64]) -> None:
        """Take the training events as pairs of a session's number and an item's code - reserved."""
        size = len(popularity.clicks)
        ones = np.ones(len(items), np.float32)
        held = sparse.csr_matrix((ones, (sessions, items)), shape=(int(sessions.max(initial=-1)) + 1, size))
        held.data[:] = 1.0  # an item counts once a session
        self._reserved = popularity.reserved
        self._held, self._holders = held, held.T.tocsr()  # (S, N), (N, S)
        self._norms = np.sqrt(np.maximum(popularity.holders, 1)).astype(np.float32)  # (N,)
        steps = PopularScores(popularity).steps
        self._fallback = steps / (steps.max(initial=0) + 1) - 1  # (N,), in [-1, 0)

    def scores(self, last: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return (B, N) scores for the codes of the last items; a reserved code gets what is popular."""
        items = last.astype(np.int64) - self._reserved
        is_item = items >= 0
        result = np.repeat(self._fallback[None], len(last), axis=0)  # (B, N)
        asked = items[is_item]
        shared = (self._holders[asked] @ self._held).tocoo()  # (B, N): sessions that hold both
        rows = np.flatnonzero(is_item)[shared.row]
        result[rows, shared.col] = shared.data / (self._norms[asked[shared.row]] * self._norms[shared.col])
        result[np.flatnonzero(is_item), asked] = self._fallback[asked]  # an item is no neighbour of itself
        return result
