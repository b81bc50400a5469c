"""The training sessions as a baseline is fitted on them: known items alone, the oldest session first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sess.runtime.prepare.prepared import Sessions

MICROSECONDS_A_DAY = 86_400_000_000
SESSIONS_AT_ONCE = 1 << 16


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
    codes = sessions.steps[column]
    items, sizes = np.empty(len(codes), np.int64), np.empty(len(lengths), np.int64)
    filled = 0
    for begin in range(0, len(order), SESSIONS_AT_ONCE):
        chosen = order[begin : begin + SESSIONS_AT_ONCE]
        own = lengths[chosen]
        owner = np.repeat(np.arange(len(chosen)), own)
        found = codes[np.arange(len(owner)) + np.repeat(sessions.offsets[chosen] - (np.cumsum(own) - own), own)]
        is_known = found >= reserved
        sizes[begin : begin + len(chosen)] = np.bincount(owner[is_known], minlength=len(chosen))
        known = found[is_known]
        items[filled : filled + len(known)] = known.astype(np.int64) - reserved
        filled += len(known)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    age = None
    if ended is not None and len(ended):
        age = (ended.max() - ended[order]).astype(np.float64) / MICROSECONDS_A_DAY
    return History(count, offsets, items[:filled], age)
