"""Ranges of steps of many sessions as dense arrays, right-padded, with the mask that says which steps are real."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sess.runtime.prepare.prepared import Sessions

Array = NDArray[np.generic]
Ints = NDArray[np.int64]

MASK = "mask"


@dataclass(frozen=True, slots=True)
class Windows:
    """For each of some sessions (by index) a half-open range of places in the flat step arrays."""

    rows: Ints
    begins: Ints
    ends: Ints

    @property
    def lengths(self) -> Ints:
        """The number of steps of each window."""
        return self.ends - self.begins

    def take(self, places: Ints) -> Windows:
        """Return the windows at these places."""
        return Windows(self.rows[places], self.begins[places], self.ends[places])


def last_steps(sessions: Sessions, rows: Ints, *, longest: int, leave_out: int = 0) -> Windows:
    """Return the last `longest` steps of these sessions, after leaving out as many at their end."""
    ends = np.maximum(sessions.offsets[rows + 1] - leave_out, sessions.offsets[rows])
    return Windows(rows, np.maximum(ends - longest, sessions.offsets[rows]), ends)


def dense(sessions: Sessions, windows: Windows, steps: Iterable[str], session: Iterable[str]) -> dict[str, Array]:
    """Return step columns (B, T), session columns (B,) and the mask (B, T); T is the longest window, at least 1."""
    lengths = windows.lengths
    across = np.arange(max(1, int(lengths.max(initial=0))))
    mask = across < lengths[:, None]  # (B, T)
    places = np.where(mask, windows.begins[:, None] + across, 0)  # (B, T)
    batch: dict[str, Array] = {MASK: mask}
    for column in steps:
        flat = sessions.steps[column]
        batch[column] = flat[places] * mask.astype(flat.dtype) if flat.size else np.zeros(mask.shape, flat.dtype)
    for column in session:
        batch[column] = sessions.session[column][windows.rows]
    return batch
