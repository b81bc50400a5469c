"""The graph as lines for a terminal: every box below what flows into it, with its arguments and shape."""

from __future__ import annotations

from sess.compiler.draw.picture import Card, Look, Picture, Wire
from sess.compiler.draw.ranks import ranks_of

GAP = "  "
WIDEST = 44


def draw(picture: Picture) -> str:
    """Return one line a card, in layers; what is only in training stands apart."""
    layers = ranks_of(picture)
    cards = sorted(picture.cards, key=lambda card: (card.is_train_only, layers[card.id]))
    titles = {card.id: _name(card) for card in picture.cards}
    rows = [
        (
            card.title,
            card.shape,
            _sources(card, picture.wires, titles),
            "; ".join(filter(None, (card.detail, card.cost))),
        )
        for card in cards
    ]
    widths = [min(WIDEST, max(len(row[column]) for row in rows)) for column in range(3)]
    lines = [picture.title, *(f"{GAP}{total}" for total in picture.totals), ""]
    is_training = False
    for card, row in zip(cards, rows, strict=True):
        if card.is_train_only and not is_training:
            lines.append("only in training")
            is_training = True
        cells = [text.ljust(width) for text, width in zip(row[:3], widths, strict=True)]
        lines.append(f"{GAP}{GAP.join([*cells, row[3]])}".rstrip())
    return "\n".join(lines) + "\n"


def _name(card: Card) -> str:
    """Return what a card is called where it flows in; several tables have no name of their own."""
    return "their tables" if card.look is Look.TABLE and ", " in card.title else card.title.partition(" = ")[0]


def _sources(card: Card, wires: tuple[Wire, ...], titles: dict[str, str]) -> str:
    sources = dict.fromkeys(titles[wire.source] for wire in wires if wire.target == card.id)
    return f"← {', '.join(sources)}" if sources else ""
