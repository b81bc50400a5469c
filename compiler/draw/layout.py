"""Give every card and wire its place on the sheet: straight long wires, ports side by side, two frames around it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from sess.compiler.draw.picture import Card, Look, Picture, Wire
from sess.compiler.draw.ranks import fewest_crossings, neighbours, ranks_of, rows_with_bends
from sess.compiler.draw.straight import straighten

CHARACTER = 7.3  # the width of one monospaced character at 12 px
WIDEST = 34  # characters of a line on a card
PADDING = 14.0
LINE = 16.5
GAP_ACROSS = 22.0
GAP_DOWN = 38.0
MARGIN = 24.0
FRAME = 14.0  # between a frame and what it holds
PORT = 20.0  # between two wires that enter a card
SWEEPS = 40

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, width, height."""


@dataclass(frozen=True, slots=True)
class Box:
    """A card's place: `left` and `top` of its frame, in pixels; its texts in lines, each with the part it is of."""

    card: Card
    left: float
    top: float
    width: float
    height: float
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A wire's way through the rows, from the foot of one box to the head of another."""

    wire: Wire
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything placed on a sheet of this size; a frame is None where there is nothing to hold."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    served: Rectangle | None
    training: Rectangle | None


def lay_out(picture: Picture, top: float = MARGIN, foot: float = MARGIN) -> Layout:
    """Return the places of all cards and wires; the same picture gives the same layout."""
    ranks = ranks_of(picture)
    rows, chains = rows_with_bends(picture, ranks)
    texts = {card.id: _wrapped(card) for card in picture.cards}
    sizes = {id: _size(lines) for id, lines in texts.items()}
    widths = {id: sizes[id][0] if id in sizes else 6.0 for row in rows for id in row}
    apart = {card.id for card in picture.cards if card.is_train_only}
    apart |= {id for wire, chain in zip(picture.wires, chains, strict=True) if wire.is_train_only for id in chain[1:-1]}
    rows = fewest_crossings(rows, chains, apart)
    columns = {card.id for card in picture.cards if card.look is Look.COLUMN}
    centres = _side_by_side(rows, chains, apart, columns, widths, sizes.keys())
    heights = [max((sizes[id][1] for id in row if id in sizes), default=0.0) for row in rows]
    tops = _tops(heights, ranks, picture, top)
    shift = MARGIN + FRAME - min(centres[id] - widths[id] / 2 for row in rows for id in row)
    centres = {id: x + shift for id, x in centres.items()}
    boxes = tuple(
        Box(card, centres[card.id] - sizes[card.id][0] / 2, tops[ranks[card.id]], *sizes[card.id], texts[card.id])
        for card in picture.cards
    )
    lines = _lines(picture, chains, boxes, centres, tops, heights)
    right = max([*(box.left + box.width for box in boxes), *(x for line in lines for x, _ in line.points)])
    bottom = max(box.top + box.height for box in boxes)
    served = [box for box in boxes if not box.card.is_train_only and box.card.look not in (Look.COLUMN, Look.ANSWER)]
    training = [box for box in boxes if box.card.is_train_only]
    inside = _frame(served)
    if inside is not None:  # wires of what is served run inside, however far out they run
        left, start, width, height = inside
        xs = [
            x
            for line in lines
            if not line.wire.is_train_only
            for x, y in line.points[1:-1]
            if start < y < start + height
        ]
        near, far = min([left, *(x - FRAME for x in xs)]), max([left + width, *(x + FRAME for x in xs)])
        inside = near, start, far - near, height
    return Layout(right + MARGIN + FRAME, bottom + FRAME + foot, boxes, lines, inside, _frame(training))


def _wrapped(card: Card) -> tuple[tuple[str, str], ...]:
    """Return a card's lines, each with the part that it is of; a text is broken at spaces, a long word anywhere."""
    parts = (("title", card.title), ("detail", card.detail), ("shape", card.shape), ("cost", card.cost))
    return tuple((part, line) for part, text in parts for line in textwrap.wrap(text, WIDEST))


def _size(lines: Sequence[tuple[str, str]]) -> tuple[float, float]:
    longest = max((len(text) for _, text in lines), default=0)
    return max(104.0, longest * CHARACTER + 2 * PADDING), max(1, len(lines)) * LINE + PADDING


def _tops(heights: Sequence[float], ranks: Mapping[str, int], picture: Picture, top: float) -> list[float]:
    """Return the top of every row; where a frame begins or ends there is more room for its edge and its words."""
    has_columns = any(card.look is Look.COLUMN for card in picture.cards)
    last = {ranks[card.id] for card in picture.cards if card.look is Look.ANSWER}
    tops, y = [], top
    for row, height in enumerate(heights):
        if row in last or (row == 1 and has_columns):
            y += FRAME
        tops.append(y)
        y += height + GAP_DOWN
    return tops


def _frame(boxes: Sequence[Box]) -> Rectangle | None:
    """Return a frame around boxes; None if there are none."""
    if not boxes:
        return None
    left, top = min(box.left for box in boxes) - FRAME, min(box.top for box in boxes) - FRAME
    right, foot = max(box.left + box.width for box in boxes) + FRAME, max(box.top + box.height for box in boxes) + FRAME
    return left, top, right - left, foot - top


def _lines(
    picture: Picture, chains: Sequence[Sequence[str]], boxes: Sequence[Box], centres: Mapping[str, float],
    tops: Sequence[float], heights: Sequence[float],
) -> tuple[Line, ...]:  # fmt: skip
    by_id = {box.card.id: box for box in boxes}
    row_of = {top: row for row, top in enumerate(tops)}
    middles = []
    for wire, chain in zip(picture.wires, chains, strict=True):
        row, points = row_of[by_id[wire.source].top], []
        for step, id in enumerate(chain[1:-1], 1):
            points += [(centres[id], tops[row + step]), (centres[id], tops[row + step] + heights[row + step])]
        middles.append(points)
    ends = _ports(picture, middles, by_id, centres)
    found = []
    for number, (wire, points) in enumerate(zip(picture.wires, middles, strict=True)):
        first, last = by_id[wire.source], by_id[wire.target]
        start = (centres[wire.source], first.top + first.height)
        found.append(Line(wire, (start, *points, (ends[number], last.top))))
    return tuple(found)


def _ports(
    picture: Picture, middles: Sequence[Sequence[Point]], by_id: Mapping[str, Box], centres: Mapping[str, float]
) -> dict[int, float]:
    """Return where each wire enters its card: side by side, in the order of where they come from."""
    into: dict[str, list[tuple[float, int]]] = {}
    for number, wire in enumerate(picture.wires):
        from_x = middles[number][-1][0] if middles[number] else centres[wire.source]
        into.setdefault(wire.target, []).append((from_x, number))
    ends: dict[int, float] = {}
    for target, found in into.items():
        room = min(PORT, (by_id[target].width - 2 * PADDING) / max(1, len(found) - 1))
        for place, (from_x, number) in enumerate(sorted(found)):
            x = centres[target] + (place - (len(found) - 1) / 2) * room
            # A wire that comes straight down stays straight where its port leaves room to.
            is_near = len(found) == 1 and abs(from_x - x) <= by_id[target].width / 2 - PADDING
            ends[number] = from_x if is_near else x
    return ends


def _centres(
    rows: Sequence[Sequence[str]], chains: Sequence[Sequence[str]], widths: Mapping[str, float], cards: Set[str]
) -> dict[str, float]:
    """Return the x of every centre: near its neighbours, bends most of all, so that long wires are straight."""
    above, below = neighbours(chains)
    centres: dict[str, float] = {}
    for row in rows:
        x = 0.0
        for id in row:
            centres[id] = x + widths[id] / 2
            x += widths[id] + GAP_ACROSS

    def pull(one: str, other: str) -> float:
        bends = (one not in cards) + (other not in cards)
        return (1.0, 2.0, 8.0)[bends]

    for sweep in range(SWEEPS):
        is_both = sweep >= SWEEPS // 2
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wishes, weights = [], []
            for id in row:
                near = [*above.get(id, ()), *below.get(id, ())] if is_both else (above, below)[sweep % 2].get(id, ())
                pulls = [pull(id, each) for each in near]
                total = sum(pulls)
                wish = sum(centres[each] * force for each, force in zip(near, pulls, strict=True))
                wishes.append(wish / total if total else centres[id])
                weights.append(total or 0.1)
            for id, x in zip(row, _spread(wishes, weights, [widths[id] for id in row]), strict=True):
                centres[id] = x
    return centres


def _side_by_side(
    rows: Sequence[Sequence[str]], chains: Sequence[Sequence[str]], apart: Set[str], columns: Set[str],
    widths: Mapping[str, float], cards: Set[str],
) -> dict[str, float]:  # fmt: skip
    """Return the centres of what is served, and right of it those of what is only in training, each for itself."""
    sides = []
    for is_apart in (False, True):
        own = [[id for id in row if (id in apart) is is_apart] for row in rows]
        parts = [[id for id in chain if (id in apart) is is_apart] for chain in chains]
        centres = _centres(own, parts, widths, cards)
        straighten(own, parts, widths, cards, GAP_ACROSS, centres)
        sides.append(centres)
    served, training = sides
    if not any(id in cards for id in training):
        return served | training
    first = next(row for row, ids in enumerate(rows) if any(id in apart and id in cards for id in ids))
    # Columns, in the first row, stand above both frames.
    beside = [id for ids in rows for id in ids if id in served and (id not in columns or not first)]
    edge = max((served[id] + widths[id] / 2 for id in beside), default=0.0) + 2 * FRAME + GAP_ACROSS
    shift = edge - min(x - widths[id] / 2 for id, x in training.items() if id in cards)
    # A wire that runs further left than every card would cut the frame of what is served.
    return served | {id: max(x + shift, edge - GAP_ACROSS) for id, x in training.items()}


def _spread(wishes: Sequence[float], weights: Sequence[float], widths: Sequence[float]) -> list[float]:
    """Return the places nearest to the wishes that keep order and gaps: weighted isotonic regression."""
    offsets = [0.0] if widths else []
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + GAP_ACROSS)
    pools: list[tuple[float, float, int]] = []
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        mean, total, count = wish - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, size, many = pools.pop()
            mean, total, count = (mean * total + other * size) / (total + size), total + size, count + many
        pools.append((mean, total, count))
    flat = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]
