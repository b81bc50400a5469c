"""Slices: groups of examples by the length of the input, by how often training met the target, or by a column."""

from __future__ import annotations

from itertools import pairwise
from math import isnan

import numpy as np
from numpy.typing import NDArray

from sess.runtime.evaluate.examples import Examples
from sess.runtime.evaluate.ranking import Popularity

Ints = NDArray[np.int64]

LENGTHS = ((1, 1), (2, 4), (5, 9), (10, 19), (20, 49), (50, None))
FREQUENCIES = ((0, 0), (1, 4), (5, 19), (20, 99), (100, 999), (1000, None))
# Columns with more values than this show their most frequent ones, and the others as one group.
MOST_VALUES = 20
QUARTERS = 4


def slices_of(
    name: str, examples: Examples, targets: NDArray[np.generic], popularity: Popularity | None
) -> dict[str, Ints]:
    """Return the places of each group of a slice, groups without examples left out."""
    if name == "length":
        return _ranges(examples.whole.lengths, LENGTHS)
    if name == "frequency":
        if popularity is None:
            return {}
        items = targets.astype(np.int64) - popularity.reserved
        clicks = np.where(items >= 0, popularity.clicks[np.maximum(items, 0)], 0)
        return _ranges(clicks, FREQUENCIES)
    values = np.asarray(examples.sessions.raw_session[name])[examples.windows.rows]
    if values.dtype.kind == "f" and len(np.unique(values)) > MOST_VALUES:
        return _quarters(values.astype(np.float64))
    return _values(values)


def _ranges(numbers: Ints, bounds: tuple[tuple[int, int | None], ...]) -> dict[str, Ints]:
    found: dict[str, Ints] = {}
    for low, high in bounds:
        places = np.flatnonzero((numbers >= low) & (numbers <= (np.inf if high is None else high)))
        if len(places):
            found[f"{low}+" if high is None else str(low) if low == high else f"{low}-{high}"] = places
    return found


def _values(values: NDArray[np.generic]) -> dict[str, Ints]:
    """Return a group for each value, the most frequent first, ties by their text."""
    texts = np.array([_text(value) for value in values.tolist()])
    names, inverse, counts = np.unique(texts, return_inverse=True, return_counts=True)
    order = np.lexsort((names, -counts))
    shown = order if len(order) <= MOST_VALUES else order[: MOST_VALUES - 1]
    found = {str(names[i]): np.flatnonzero(inverse == i) for i in shown}
    rest = np.flatnonzero(~np.isin(inverse, shown))
    return found | ({"other values": rest} if len(rest) else {})


def _text(value: object) -> str:
    is_null = value is None or (isinstance(value, float) and isnan(value))
    return "null" if is_null else str(value)


def _quarters(values: NDArray[np.float64]) -> dict[str, Ints]:
    """Return four groups of about the same number of examples by a number, and one of those without it."""
    is_null = np.isnan(values)
    edges = np.unique(np.quantile(values[~is_null], np.linspace(0, 1, QUARTERS + 1)))
    group = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(0, len(edges) - 2))
    found: dict[str, Ints] = {}
    for i, (low, high) in enumerate(pairwise(edges)):
        places = np.flatnonzero((group == i) & ~is_null)
        if len(places):
            found[f"{low:g} to {high:g}"] = places
    return found | ({"null": np.flatnonzero(is_null)} if is_null.any() else {})
