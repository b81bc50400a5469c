"""Training batches: sessions of similar length together, in an order that the seed and the epoch decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sess.runtime.prepare.prepared import Sessions
from sess.runtime.train.windows import Array, Ints, Windows, dense, last_steps

# Sessions are sorted by length inside chunks of so many batches: little padding, and batches still differ every epoch.
CHUNK_BATCHES = 50


@dataclass(frozen=True, slots=True)
class Batches:
    """The training sessions cut to what the objective needs; `too_short` of them are left out.

    `size` is a number of sessions; where `tokens` is given it limits sessions times longest length instead.
    """

    sessions: Sessions
    windows: Windows
    too_short: int
    steps: tuple[str, ...]
    session: tuple[str, ...]
    size: int
    tokens: int | None
    seed: int
    cuts: tuple[str, ...] = ()
    """The groups of steps of which the model must know how many came before each predicted step."""

    def plan(self, epoch: int) -> list[Ints]:
        """Return the places of each batch's windows in an epoch."""
        order = np.random.default_rng([self.seed, epoch])
        shuffled = order.permutation(len(self.windows.rows))
        lengths = self.windows.lengths
        found: list[Ints] = []
        chunk = CHUNK_BATCHES * self.size
        for start in range(0, len(shuffled), chunk):
            places = shuffled[start : start + chunk]
            places = places[np.argsort(lengths[places], kind="stable")]
            found += self._cut(places, lengths[places])
        return [found[i] for i in order.permutation(len(found))]

    def dense(self, plan: Iterable[Ints]) -> Iterator[dict[str, Array]]:
        """Give the batches of a plan, ready for the model."""
        for places in plan:
            yield dense(self.sessions, self.windows.take(places), self.steps, self.session, self.cuts)

    def _cut(self, places: Ints, lengths: Ints) -> list[Ints]:
        """Cut sessions sorted by length into batches."""
        if self.tokens is None:
            return [places[start : start + self.size] for start in range(0, len(places), self.size)]
        found: list[Ints] = []
        start = 0
        for end in range(1, len(places) + 1):
            if end == len(places) or (end + 1 - start) * int(lengths[end]) > self.tokens:
                found.append(places[start:end])
                start = end
        return found


def training_batches(
    sessions: Sessions,
    *,
    steps: tuple[str, ...],
    session: tuple[str, ...],
    longest: int,
    min_length: int,
    size: int,
    tokens: int | None,
    seed: int,
    cuts: tuple[str, ...] = (),
    others: int | None = None,
) -> Batches:
    """Return the batches of all sessions of at least `min_length` steps, each cut to its last `longest`.

    Steps of other groups are cut to `others`.
    """
    lengths = np.diff(sessions.offsets)
    rows = np.flatnonzero(lengths >= min_length)
    windows = last_steps(sessions, rows, longest=longest, others=others)
    return Batches(sessions, windows, len(lengths) - len(rows), steps, session, size, tokens, seed, cuts)
