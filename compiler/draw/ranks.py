"""Which row a card stands in, and in what order: few crossings, columns above, answers below (Sugiyama et al. 1981)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise

from sess.compiler.draw.picture import Look, Picture

SWEEPS = 12


def ranks_of(picture: Picture) -> dict[str, int]:
    """Return the row of every card: columns in the first, answers in the last, tables right above their reader."""
    above: dict[str, list[str]] = {card.id: [] for card in picture.cards}
    below: dict[str, list[str]] = {card.id: [] for card in picture.cards}
    for wire in picture.wires:
        above[wire.target].append(wire.source)
        below[wire.source].append(wire.target)
    columns = {card.id for card in picture.cards if card.look is Look.COLUMN}
    ranks: dict[str, int] = dict.fromkeys(columns, 0)

    def rank(id: str) -> int:
        if id not in ranks:
            ranks[id] = max((rank(source) + 1 for source in above[id]), default=1 if columns else 0)
        return ranks[id]

    for card in picture.cards:
        rank(card.id)
    for card in sorted(picture.cards, key=lambda card: -ranks[card.id]):
        is_free = card.is_train_only or not above[card.id]
        if below[card.id] and is_free and card.id not in columns:
            ranks[card.id] = min(ranks[target] for target in below[card.id]) - 1
    last = max(ranks.values())
    answers = [card.id for card in picture.cards if card.look is Look.ANSWER]
    ranks.update(dict.fromkeys(answers, max([last, *(ranks[id] for id in answers)])))
    return ranks


def rows_with_bends(picture: Picture, ranks: Mapping[str, int]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the ids of every row, and for every wire its chain of ids, one a row; bends are ids of no card.

    Wires of one flow that leave the same card share their bends as long as they run together.
    """
    rows: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for card in picture.cards:
        rows[ranks[card.id]].append(card.id)
    chains, known = [], set()
    for wire in picture.wires:
        bends = []
        for row in range(ranks[wire.source] + 1, ranks[wire.target]):
            bend = f"{wire.source}/{wire.flow}/{row}"
            bends.append(bend)
            if bend not in known:
                known.add(bend)
                rows[row].append(bend)
        chains.append([wire.source, *bends, wire.target])
    return rows, chains


def neighbours(chains: Sequence[Sequence[str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return what stands above and below every id along the chains."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for upper, lower in dict.fromkeys(pair for chain in chains for pair in pairwise(chain)):
        below.setdefault(upper, []).append(lower)
        above.setdefault(lower, []).append(upper)
    return above, below


def fewest_crossings(rows: list[list[str]], chains: Sequence[Sequence[str]], apart: Set[str]) -> list[list[str]]:
    """Return the rows ordered by sweeps of barycentres, down and up, what stands apart last; the best order wins."""
    above, below = neighbours(chains)
    rows = [sorted(row, key=lambda id: id in apart) for row in rows]
    best, fewest = rows, _crossings(rows, below)
    current = rows
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        order = range(1, len(current)) if is_down else range(len(current) - 2, -1, -1)
        current = [list(row) for row in current]
        for index in order:
            fixed = {id: place for place, id in enumerate(current[index - 1 if is_down else index + 1])}
            near = above if is_down else below
            places = {id: place for place, id in enumerate(current[index])}
            current[index].sort(
                key=lambda id: (id in apart, _mean([fixed[n] for n in near.get(id, ()) if n in fixed], places[id]))
            )
        count = _swap_neighbours(current, below, apart)
        if count < fewest:
            best, fewest = [list(row) for row in current], count
    return best


def _swap_neighbours(rows: list[list[str]], below: Mapping[str, Sequence[str]], apart: Set[str]) -> int:
    """Swap two ids side by side wherever that saves a crossing, in place; return how many crossings are left."""
    count = _crossings(rows, below)
    for row in rows:
        for index in range(len(row) - 1):
            if (row[index] in apart) is (row[index + 1] in apart):
                row[index], row[index + 1] = row[index + 1], row[index]
                swapped = _crossings(rows, below)
                if swapped < count:
                    count = swapped
                else:
                    row[index], row[index + 1] = row[index + 1], row[index]
    return count


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _crossings(rows: Sequence[Sequence[str]], below: Mapping[str, Sequence[str]]) -> int:
    count = 0
    for upper, lower in pairwise(rows):
        place = {id: index for index, id in enumerate(lower)}
        ends = [end for id in upper for end in sorted(place[target] for target in below.get(id, ()) if target in place)]
        count += sum(1 for index, end in enumerate(ends) for later in ends[index + 1 :] if later < end)
    return count
