"""Visits to the made-up shop: who clicks what and when, and who buys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from sess.runtime.synth.catalogue import Catalogue, Floats, Ints

DAY = 86_400
DAYS = 28
VALID_DAYS = 4
OPENING = 1_704_067_200  # 2024-01-01, a Monday
CUT = OPENING + (DAYS - VALID_DAYS) * DAY
LONGEST = 30
MEAN_LENGTH = 6.0
DRIFT = 0.6
SLOTS = 48  # half hours of a day


class Order(StrEnum):
    """What a model can learn from the order of clicks."""

    PLANTED = "planted"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, slots=True)
class Stream:
    """N clicks in S visits, visit by visit, each visit in the order of its clicks."""

    visit: Ints  # (N,) place of the visit
    item: Ints  # (N,) place of the item
    time: Ints  # (N,) seconds since 1970, rising strictly inside a visit
    first: Ints  # (S,) place of a visit's first click
    length: Ints  # (S,)
    mood: Floats  # (S,) in [0, 1): what a visitor's context gives away
    is_buyer: Ints  # (S,) 0 or 1
    bought: Ints  # (S,) place of the item that a buyer buys, one of the clicked

    @property
    def is_valid(self) -> npt.NDArray[np.bool_]:
        """(S,) whether a visit is held out: those of the last days."""
        return self.time[self.first] >= CUT


def generate(catalogue: Catalogue, length: Ints, seed: int, noise: float, order: Order) -> Stream:
    """Walk visitors through the catalogue.

    With `noise` 0 every click follows from the one before it; else this share of clicks jumps anywhere by popularity.
    `SHUFFLED` keeps every click and deals the items out anew over the whole stream: popularity stays as it is, while
    order, company and drift, from each of which something could be learned, are gone.
    """
    rng = np.random.default_rng([seed, 2])
    first = np.cumsum(length) - length
    visit = np.repeat(np.arange(len(length)), length)
    time = _times(rng, length, first, visit)
    item = _walk(rng, catalogue, length, first, (time[first] - OPENING) // DAY, noise)
    if order is Order.SHUFFLED:
        item = np.random.default_rng([seed, 3]).permutation(item)
    mood = rng.random(len(length))
    charm = np.add.reduceat(catalogue.quality[item], first) / length
    odds = -4.7 + 0.12 * np.minimum(length, 15) + 1.5 * mood + 1.5 * charm
    is_buyer = (rng.random(len(length)) < 1.0 / (1.0 + np.exp(-odds))).astype(np.int64)
    late = rng.random((2, len(length))).max(axis=0)  # the later a click, the likelier it ends in the basket
    bought = item[first + (late * length).astype(np.int64)]
    return Stream(visit, item, time, first, length, mood, is_buyer, bought)


def lengths_of(clicks: int, seed: int) -> Ints:
    """Return lengths of visits that sum up to exactly so many clicks."""
    drawn = _lengths(clicks, seed)
    total = np.cumsum(drawn)
    kept = drawn[: int(np.searchsorted(total, clicks)) + 1].copy()
    kept[-1] -= kept.sum() - clicks
    return kept


def lengths_for(visits: int, seed: int, fixed: int | None) -> Ints:
    """Return the lengths of so many visits; all the same where the schema fixes it."""
    return _lengths(visits, seed) if fixed is None else np.full(visits, fixed, np.int64)


def _lengths(visits: int, seed: int) -> Ints:
    drawn = np.random.default_rng([seed, 4]).geometric(1.0 / MEAN_LENGTH, visits)
    return np.minimum(drawn, LONGEST).astype(np.int64)


def _times(rng: np.random.Generator, length: Ints, first: Ints, visit: Ints) -> Ints:
    gaps = np.clip(rng.lognormal(np.log(40.0), 1.1, len(visit)), 1.0, 1500.0).astype(np.int64)
    gaps[first] = 0
    passed = np.cumsum(gaps)
    since = passed - passed[first][visit]  # (N,) seconds since the visit began
    start = _arrivals(rng, len(length))
    end = start + since[first + length - 1]
    # Who would stay over the cut comes earlier, so that everything held out is later than all of train.
    start = np.where((start < CUT) & (end >= CUT), CUT - 1 - (end - start), start)
    return start[visit] + since


def _arrivals(rng: np.random.Generator, visits: int) -> Ints:
    hour = np.arange(SLOTS) * 24.0 / SLOTS
    curve = 0.15 + np.exp(-(((hour - 12.5) / 2.5) ** 2)) + 1.6 * np.exp(-(((hour - 20.5) / 2.5) ** 2))
    busy = np.where(np.arange(DAYS) % 7 >= 5, 1.4, 1.0)
    share = np.concatenate([[0.0], np.cumsum(np.outer(busy, curve).ravel())])
    edges = OPENING + np.arange(DAYS * SLOTS + 1) * (DAY // SLOTS)
    # One visit in each stretch of equal traffic: even a small stream reaches into the last days.
    quantile = (np.arange(visits) + rng.random(visits)) / visits
    return np.interp(quantile, share / share[-1], edges).astype(np.int64)


def _walk(rng: np.random.Generator, catalogue: Catalogue, length: Ints, first: Ints, day: Ints, noise: float) -> Ints:
    popular = _popularity(rng, catalogue)
    item = np.empty(int(length.sum()), np.int64)
    here = _draw(rng, popular, day, catalogue.size)
    for step in range(int(length.max())):
        there = np.flatnonzero(length > step)
        item[first[there] + step] = here[there]
        is_jump = rng.random(len(here)) < noise
        here = np.where(is_jump, _draw(rng, popular, day, catalogue.size), catalogue.following[here])
    return item


def _popularity(rng: np.random.Generator, catalogue: Catalogue) -> Floats:
    phase = rng.random(int(catalogue.trail.max()) + 1)[catalogue.trail]  # (V,)
    when = np.arange(DAYS)[:, None] / DAYS  # (days, 1)
    weight = catalogue.landing * np.exp(DRIFT * np.sin(2.0 * np.pi * (when / 2.0 + phase)))  # (days, V)
    share = np.cumsum(weight, axis=1)
    line: Floats = (share / share[:, -1:] + np.arange(DAYS)[:, None]).ravel()
    return line  # (days · V,) rising, one unit long for each day


def _draw(rng: np.random.Generator, popular: Floats, day: Ints, items: int) -> Ints:
    place = np.searchsorted(popular, day + rng.random(len(day)), side="right")
    return np.minimum(place - day * items, items - 1).astype(np.int64)
