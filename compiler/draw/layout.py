"""Place the cards of a picture in layers, top to bottom, with few crossings (Sugiyama, Tagawa and Toda 1981)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from sess.compiler.draw.picture import Card, Picture, Wire

CHARACTER = 7.3  # the width of one monospaced character at 12 px
PADDING = 14.0
LINE = 17.0
GAP_ACROSS = 28.0
GAP_DOWN = 46.0
MARGIN = 28.0
SWEEPS = 12

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A card's place: `left` and `top` of its frame, in pixels."""

    card: Card
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A wire's way through the layers, from the foot of one box to the head of another."""

    wire: Wire
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything placed on a sheet of this size."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def lay_out(picture: Picture) -> Layout:
    """Return the places of all cards and wires; the same picture gives the same layout."""
    layers = layers_of(picture)
    rows, chains = _rows_with_bends(picture, layers)
    sizes = {card.id: _size(card) for card in picture.cards}
    widths = {id: sizes[id][0] if id in sizes else 4.0 for row in rows for id in row}
    apart = {card.id for card in picture.cards if card.is_train_only}
    apart |= {id for wire, chain in zip(picture.wires, chains, strict=True) if wire.is_train_only for id in chain[1:-1]}
    rows = _fewest_crossings(rows, chains, apart)
    centres = _centres(rows, chains, widths)
    _move_right(rows, apart, sizes.keys(), centres, widths)
    tops, y = [], MARGIN
    heights = [max((sizes[id][1] for id in row if id in sizes), default=0.0) for row in rows]
    for height in heights:
        tops.append(y)
        y += height + GAP_DOWN
    shift = MARGIN - min(centres[id] - widths[id] / 2 for row in rows for id in row)
    right = max(centres[id] + widths[id] / 2 for row in rows for id in row) + shift + MARGIN
    row_of = {id: index for index, row in enumerate(rows) for id in row}
    boxes = tuple(
        Box(card, centres[card.id] + shift - sizes[card.id][0] / 2,
            tops[row_of[card.id]] + (heights[row_of[card.id]] - sizes[card.id][1]) / 2, *sizes[card.id])
        for card in picture.cards
    )  # fmt: skip
    by_id = {box.card.id: box for box in boxes}
    lines = []
    for wire, chain in zip(picture.wires, chains, strict=True):
        first, last = by_id[wire.source], by_id[wire.target]
        bends = []
        for id in chain[1:-1]:
            x, top = centres[id] + shift, tops[row_of[id]]
            bends += [(x, top), (x, top + heights[row_of[id]])]
        start = (centres[wire.source] + shift, first.top + first.height)
        lines.append(Line(wire, (start, *bends, (centres[wire.target] + shift, last.top))))
    return Layout(right, y - GAP_DOWN + MARGIN, boxes, tuple(lines))


def _size(card: Card) -> tuple[float, float]:
    texts = [text for text in (card.title, card.detail, card.shape) if text]
    return max(96.0, max(map(len, texts)) * CHARACTER + 2 * PADDING), len(texts) * LINE + PADDING


def layers_of(picture: Picture) -> dict[str, int]:
    """Return the layer of every card: as high as its inputs allow; inputs and training stand above their reader."""
    above: dict[str, list[str]] = {card.id: [] for card in picture.cards}
    below: dict[str, list[str]] = {card.id: [] for card in picture.cards}
    for wire in picture.wires:
        above[wire.target].append(wire.source)
        below[wire.source].append(wire.target)
    layers: dict[str, int] = {}

    def depth(id: str) -> int:
        if id not in layers:
            layers[id] = max((depth(source) + 1 for source in above[id]), default=0)
        return layers[id]

    for card in picture.cards:
        depth(card.id)
    for card in sorted(picture.cards, key=lambda card: -layers[card.id]):
        if below[card.id] and (card.is_train_only or not above[card.id]):
            layers[card.id] = min(layers[target] for target in below[card.id]) - 1
    return layers


def _rows_with_bends(picture: Picture, layers: Mapping[str, int]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the ids of every row, and for every wire its chain of ids, one a row; bends are ids of no card."""
    rows: list[list[str]] = [[] for _ in range(max(layers.values()) + 1)]
    for card in picture.cards:
        rows[layers[card.id]].append(card.id)
    chains = []
    for number, wire in enumerate(picture.wires):
        bends = []
        for layer in range(layers[wire.source] + 1, layers[wire.target]):
            bends.append(f"{number}/{layer}")
            rows[layer].append(bends[-1])
        chains.append([wire.source, *bends, wire.target])
    return rows, chains


def _neighbours(chains: Sequence[Sequence[str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    return above, below


def _fewest_crossings(rows: list[list[str]], chains: Sequence[Sequence[str]], apart: Set[str]) -> list[list[str]]:
    """Return the rows ordered by sweeps of barycentres, down and up, what stands apart last; the best order wins."""
    above, below = _neighbours(chains)
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
            best, fewest = current, count
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


def _centres(
    rows: Sequence[Sequence[str]], chains: Sequence[Sequence[str]], widths: Mapping[str, float]
) -> dict[str, float]:
    """Return the x of every centre: near the mean of its neighbours, never closer than the gap to the one beside it."""
    above, below = _neighbours(chains)
    centres: dict[str, float] = {}
    for row in rows:
        x = 0.0
        for id in row:
            centres[id] = x + widths[id] / 2
            x += widths[id] + GAP_ACROSS
    for sweep in range(2 * SWEEPS):
        near = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wishes = [_mean([centres[n] for n in near.get(id, ())], centres[id]) for id in row]
            for id, x in zip(row, _apart(wishes, [widths[id] for id in row]), strict=True):
                centres[id] = x
    return centres


def _move_right(
    rows: Sequence[Sequence[str]],
    apart: Set[str],
    cards: Set[str],
    centres: dict[str, float],
    widths: Mapping[str, float],
) -> None:
    """Shift what stands apart to the right of all that shares a row with it, so that one frame can hold its cards."""
    edges = [max((centres[id] + widths[id] / 2 for id in row if id not in apart), default=0.0) for row in rows]
    shared = [index for index, row in enumerate(rows) if any(id in apart and id in cards for id in row)]
    if not shared:
        return
    edge = max(edges[shared[0] : shared[-1] + 1])
    first = min(centres[id] - widths[id] / 2 for id in apart & cards)
    for index, row in enumerate(rows):
        for id in row:
            if id in apart:
                moved = centres[id] + edge + 2 * GAP_ACROSS - first
                centres[id] = moved if id in cards else max(moved, edges[index] + GAP_ACROSS)


def _apart(wishes: Sequence[float], widths: Sequence[float]) -> list[float]:
    """Return the places nearest to the wishes that keep order and gaps: isotonic regression on what is left over."""
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + GAP_ACROSS)
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, size = pools.pop()
            mean, count = (mean * count + other * size) / (count + size), count + size
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]
