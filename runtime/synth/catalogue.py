"""The items of a made-up shop, and which item follows which: the order that a model can learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Longer than the longest session, so that a walk without noise never meets an item twice.
TRAIL = 40
SHELF = 8


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items by their place 0 … V-1, which is not their id.

    The items lie on closed trails, and `following` is the next one on the trail. That makes the order deterministic and
    keeps a long tail: trails differ in their share of visitors, and most visitors land near the head of a trail.
    """

    following: Ints  # (V,)
    landing: Floats  # (V,) share of the visits that start at the item
    trail: Ints  # (V,)
    shelf: Ints  # (V,) runs of neighbours on a trail: one category each
    quality: Floats  # (V,) in [0, 1)

    @property
    def size(self) -> int:
        """V, the number of items."""
        return len(self.following)


def stock(items: int, seed: int) -> Catalogue:
    """Lay out a catalogue; the same size and seed give the same one."""
    rng = np.random.default_rng([seed, 1])
    trails = np.array_split(rng.permutation(items), max(1, items // TRAIL))
    following, trail, shelf = (np.empty(items, np.int64) for _ in range(3))
    landing = np.empty(items)
    shelves = 0
    for number, places in enumerate(trails):
        steps = np.arange(len(places))
        following[places] = np.roll(places, -1)
        trail[places] = number
        shelf[places] = shelves + steps // SHELF
        landing[places] = 1.0 / ((number + 1.0) * (steps + 1.0))
        shelves += -(-len(places) // SHELF)
    return Catalogue(following, landing / landing.sum(), trail, shelf, rng.random(items))


def default_items(rows: int) -> int:
    """Return a number of items that leaves about a hundred clicks for each, as long as the shop stays plausible."""
    return min(max(rows // 100, TRAIL), 50_000)
