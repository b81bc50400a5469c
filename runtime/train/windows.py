"""Ranges of steps of many sessions as dense arrays, right-padded, with the mask that says which steps are real."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sess.compiler.input_names import before_of, length_of
from sess.runtime.prepare.prepared import OtherSteps, Sessions
from sess.runtime.steps.bags import Bags, gathered

Array = NDArray[np.generic]
Ints = NDArray[np.int64]

MASK = "(mask)"  # no identifier, so that a column called `mask` is another one


@dataclass(frozen=True, slots=True)
class Windows:
    """For each of some sessions (by index) a half-open range of places in the flat step arrays.

    `others` limits the steps of other groups, which end where the step behind the range begins.
    """

    rows: Ints
    begins: Ints
    ends: Ints
    others: int

    @property
    def lengths(self) -> Ints:
        """The number of steps of each window."""
        return self.ends - self.begins

    def take(self, places: Ints) -> Windows:
        """Return the windows at these places."""
        return Windows(self.rows[places], self.begins[places], self.ends[places], self.others)


def last_steps(
    sessions: Sessions, rows: Ints, *, longest: int, leave_out: int = 0, others: int | None = None
) -> Windows:
    """Return the last `longest` steps of these sessions, after leaving out as many at their end.

    Of other groups there are at most `others` steps, by default as many.
    """
    ends = np.maximum(sessions.offsets[rows + 1] - leave_out, sessions.offsets[rows])
    return Windows(
        rows, np.maximum(ends - longest, sessions.offsets[rows]), ends, longest if others is None else others
    )


def ranges_of(sessions: Sessions, other: OtherSteps, windows: Windows) -> tuple[Ints, Ints]:
    """Return the places of another group's steps, from and to, that came before the step behind each window."""
    first, last = other.offsets[windows.rows], other.offsets[windows.rows + 1]
    is_whole = windows.ends == sessions.offsets[windows.rows + 1]
    following = np.minimum(windows.ends, max(0, len(other.before) - 1))
    ends = np.where(is_whole, last, first + other.before[following]) if len(other.before) else last
    return np.maximum(ends - windows.others, first), ends


def raw_steps(sessions: Sessions, window: Windows, column: str) -> Array:
    """Return the user's values of a column in the one window, of whatever group."""
    begins, ends = window.begins, window.ends
    for other in sessions.others.values():
        if column in other.raw_steps:
            begins, ends = ranges_of(sessions, other, window)
    return sessions.raw_of(column)[0][int(begins[0]) : int(ends[0])]


def dense(
    sessions: Sessions, windows: Windows, steps: Iterable[str], session: Iterable[str], cuts: Iterable[str] = ()
) -> dict[str, Array]:
    """Return step columns (B, T), session columns (B,) and the mask (B, T); T is the longest window, at least 1.

    Columns of another group have a T of their own, and a length (B,) for a mask. For groups in `cuts` there is also
    how many of their steps came before each step, (B, T). Bags and vectors have one dimension more.
    """
    wanted, asked, cut = tuple(steps), tuple(session), tuple(cuts)
    mask, places = _places(windows.begins, windows.ends)
    batch: dict[str, Array] = {MASK: mask}
    for column in wanted:
        if column in sessions.steps:
            batch[column] = gathered(sessions.steps[column], places, mask)
    for group, other in sessions.others.items():
        begins, ends = ranges_of(sessions, other, windows)
        own_mask, own_places = _places(begins, ends)
        own = [column for column in wanted if column in other.steps]
        batch |= {column: gathered(other.steps[column], own_places, own_mask) for column in own}
        if length_of(group) in asked:
            batch[length_of(group)] = (ends - begins).astype(np.float32)
        if group in cut:
            left_out = begins - other.offsets[windows.rows]
            counts = np.maximum(gathered(other.before, places, mask) - left_out[:, None], 0)
            batch[before_of(group)] = counts.astype(np.int32) * mask
    for column in asked:
        if column not in batch:
            values = sessions.session[column]
            batch[column] = values.padded(windows.rows) if isinstance(values, Bags) else values[windows.rows]
    return batch


def _places(begins: Ints, ends: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """Return the mask (B, T) of ranges, and their places (B, T), 0 where there is no step."""
    lengths = ends - begins
    across = np.arange(max(1, int(lengths.max(initial=0))))
    mask = across < lengths[:, None]
    return mask, np.where(mask, begins[:, None] + across, 0)
