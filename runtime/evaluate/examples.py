"""What an evaluation asks: the input of every session that can be evaluated, and what really came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sess.compiler.plans import HeadPlan, Program
from sess.compiler.types import Level
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.train.windows import Array, Ints, Windows, last_steps

EVERYTHING = np.iinfo(np.int64).max // 2
MOST_SEEN = 1000  # steps of a session that are given one by one


@dataclass(frozen=True, slots=True)
class Examples:
    """Sessions of a split with their inputs: `windows` as the model reads them, `whole` before `keep` cuts.

    Where a head predicts a step, the last step is what is asked for and the input ends before it; `too_short` sessions
    have nothing before it.
    """

    sessions: Sessions
    windows: Windows
    whole: Windows
    too_short: int
    has_cut_target: bool

    @property
    def count(self) -> int:
        """How many sessions are evaluated."""
        return len(self.windows.rows)

    def targets(self, head: HeadPlan) -> Array:
        """Return what really came: codes or numbers, one per example."""
        if head.target_level is Level.SESSION:
            of_sessions: Array = self.sessions.session[head.target]
            return of_sessions[self.windows.rows]
        of_steps: Array = self.sessions.steps[head.target]
        return of_steps[self.whole.ends - 1 if head.is_now else self.whole.ends]

    def by_length(self) -> Ints:
        """Return the examples' places, short inputs first, so that batches need little padding."""
        return np.argsort(self.windows.lengths, kind="stable")

    def last_codes(self, column: str) -> NDArray[np.int32]:
        """Return the codes of a step column at the last input step."""
        codes: NDArray[np.int32] = self.sessions.steps[column][self.whole.ends - 1].astype(np.int32)
        return codes

    def seen(self, column: str, places: Ints) -> NDArray[np.int32]:
        """Return the input codes of some examples, also those that `keep` cuts; (B, S), 0 where there is none.

        A long session has each of its codes once, so that one of a bot doesn't widen the rows of all others.
        """
        whole = self.whole.take(places)
        flat = self.sessions.steps[column]
        different = {
            row: np.unique(flat[whole.begins[row] : whole.ends[row]])
            for row in np.flatnonzero(whole.lengths > MOST_SEEN).tolist()
        }
        lengths = np.where(whole.lengths > MOST_SEEN, 0, whole.lengths)
        widest = max([int(lengths.max(initial=1)), *map(len, different.values())])
        across = np.arange(widest)
        is_real = across < lengths[:, None]  # (B, S)
        steps = np.where(is_real, whole.begins[:, None] + across, 0)  # (B, S)
        codes: NDArray[np.int32] = np.where(is_real, flat[steps], 0).astype(np.int32)
        for row, values in different.items():
            codes[row, : len(values)] = values
        return codes


def examples_of(program: Program, sessions: Sessions) -> Examples:
    """Return the examples of a split."""
    asks_step = any(head.target_level is Level.STEP for head in program.model.heads)
    cut = int(asks_step)
    rows = np.flatnonzero(np.diff(sessions.offsets) >= 1 + cut)
    windows = last_steps(sessions, rows, longest=program.model.keep, leave_out=cut)
    whole = last_steps(sessions, rows, longest=EVERYTHING, leave_out=cut)
    return Examples(sessions, windows, whole, len(sessions.offsets) - 1 - len(rows), asks_step)
