"""Straighten what runs down the picture: chains of bends, and cards that follow each other alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from itertools import pairwise

from sess.compiler.draw.ranks import neighbours

PASSES = 4


def straighten(
    rows: Sequence[Sequence[str]], chains: Sequence[Sequence[str]], widths: Mapping[str, float], cards: Set[str],
    gap: float, centres: dict[str, float],
) -> None:  # fmt: skip
    """Give every run one x wherever its rows leave room for that, in place; order and gaps are kept."""
    runs = _runs(chains, cards)
    above, below = neighbours(chains)
    beside = {id: (row[:place], row[place + 1 :]) for row in rows for place, id in enumerate(row)}

    def room(id: str) -> tuple[float, float]:
        left, right = beside[id]
        least = centres[left[-1]] + (widths[left[-1]] + widths[id]) / 2 + gap if left else float("-inf")
        most = centres[right[0]] - (widths[right[0]] + widths[id]) / 2 - gap if right else float("inf")
        return least, most

    for _ in range(PASSES):
        for run in runs:
            for part in _fitting(run, room):
                least, most = max(room(id)[0] for id in part), min(room(id)[1] for id in part)
                is_bends = not any(id in cards for id in part)
                ends = [centres[id] for id in (*above.get(part[0], ())[:1], *below.get(part[-1], ())[:1])]
                wish = sum(centres[id] for id in part) / len(part)
                fitting = [end for end in ends if is_bends and least <= end <= most]
                nearest = min((abs(end - wish), end) for end in fitting)[1] if fitting else wish
                centres.update(dict.fromkeys(part, min(max(nearest, least), most)))


def _runs(chains: Sequence[Sequence[str]], cards: Set[str]) -> list[list[str]]:
    """Return the longest paths of which every link is the only one at both of its ends, or joins two bends."""
    above, below = neighbours(chains)
    after: dict[str, str] = {}
    for upper, lower in dict.fromkeys(pair for chain in chains for pair in pairwise(chain)):
        are_bends = upper not in cards and lower not in cards
        if are_bends or (len(below[upper]) == 1 and len(above[lower]) == 1):
            after.setdefault(upper, lower)
    starts = [id for id in after if id not in set(after.values())]
    runs = []
    for start in starts:
        run = [start]
        while run[-1] in after:
            run.append(after[run[-1]])
        runs.append(run)
    return runs


def _fitting(run: Sequence[str], room: Callable[[str], tuple[float, float]]) -> list[list[str]]:
    """Return the run in as few parts as have one x that fits all of them."""
    parts: list[list[str]] = []
    least, most = float("inf"), float("-inf")
    for id in run:
        low, high = room(id)
        if parts and max(least, low) <= min(most, high):
            parts[-1].append(id)
            least, most = max(least, low), min(most, high)
        else:
            parts.append([id])
            least, most = low, high
    return parts
