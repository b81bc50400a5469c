"""The graph as Mermaid text, which GitHub and GitLab draw inside Markdown."""

from __future__ import annotations

from html import escape

from sess.compiler.draw.picture import Card, Look, Picture

COLOURS = {
    Look.COLUMN: "#0e9384",
    Look.TABLE: "#b54708",
    Look.BLOCK: "#475467",
    Look.ENCODER: "#6941c6",
    Look.HEAD: "#c11574",
    Look.TRAIN: "#b42318",
    Look.ANSWER: "#175cd3",
}


def draw(picture: Picture) -> str:
    """Return the Mermaid flowchart; ids are numbers, so that no name can break the syntax."""
    number = {card.id: f"n{index}" for index, card in enumerate(picture.cards)}
    lines = ["flowchart TB"]
    lines += [f"  {number[card.id]}{_box(card)}:::{card.look}" for card in picture.cards]
    for wire in picture.wires:
        arrow = "-.->" if wire.is_train_only else "-->"
        label = f'|"{_text(wire.label)}"|' if wire.label else ""
        lines.append(f"  {number[wire.source]} {arrow}{label} {number[wire.target]}")
    lines += [f"  classDef {look} fill:none,stroke:{colour},stroke-width:1.5px" for look, colour in COLOURS.items()]
    return "\n".join(lines) + "\n"


def _box(card: Card) -> str:
    words = [f"<b>{_text(card.title)}</b>", *(_text(text) for text in (card.detail, card.shape) if text)]
    inner = '"' + "<br/>".join(words) + '"'
    return f"[({inner})]" if card.look is Look.TABLE else f"([{inner}])" if card.look is Look.COLUMN else f"[{inner}]"


def _text(text: str) -> str:
    return escape(text).replace("[", "&#91;").replace("]", "&#93;")
