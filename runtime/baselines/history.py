"""The training sessions as a baseline is fitted on them: known items alone, the oldest session first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sess.runtime.prepare.prepared import Sessions

MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class History:
    """Sessions (S) of items as places in a catalogue of `count`; `offsets` (S+1,) divide `items` (E,).

    `age` (S,) is how many days a session ended before the newest one; None where the data has no time. Without a time
    the order of the files is the order of the sessions.
    """

    count: int
    offsets: NDArray[np.int64]
    items: NDArray[np.int64]
    age: NDArray[np.float64] | None

    @property
    def session_of_step(self) -> NDArray[np.int64]:
        """The session's number of every step, (E,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @property
    def clicks(self) -> NDArray[np.int64]:
        """How often each item was met, (N,)."""
        return np.bincount(self.items, minlength=self.count)


def history_of(sessions: Sessions, column: str, *, reserved: int, count: int) -> History:
    """Return the history of a step column with so many real values behind the reserved codes."""
    lengths = np.diff(sessions.offsets)
    ended = sessions.ended
    order = np.arange(len(lengths)) if ended is None else np.argsort(ended, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = sessions.steps[column].astype(np.int64)
    owner = np.repeat(rank, lengths)
    places = np.argsort(owner, kind="stable")
    places = places[codes[places] >= reserved]
    sizes = np.bincount(owner[places], minlength=len(lengths))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    age = None
    if ended is not None and len(ended):
        age = (ended.max() - ended[order]).astype(np.float64) / MICROSECONDS_A_DAY
    return History(count, offsets, codes[places] - reserved, age)
