"""The graph as Mermaid text, which GitHub and GitLab draw inside Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from sess.compiler.draw.picture import Card, Flow, Look, Picture

COLOURS = {
    Look.COLUMN: "#0e9384",
    Look.TABLE: "#c4620a",
    Look.BLOCK: "#667085",
    Look.ENCODER: "#7a5af8",
    Look.HEAD: "#c11574",
    Look.TRAIN: "#d92d20",
    Look.ANSWER: "#2e90fa",
}
STROKES = {
    Flow.COLUMNS: "stroke:#0e9384,stroke-dasharray:2 3",
    Flow.ROW: "stroke:#2e7d32",
    Flow.SEQ: "stroke:#7a5af8,stroke-width:3px",
    Flow.TOWER: "stroke:#c4620a,stroke-dasharray:9 3",
    Flow.HEAD: "stroke:#c11574",
    Flow.LABELS: "stroke:#d92d20,stroke-dasharray:5 4",
}


def draw(picture: Picture) -> str:
    """Return the Mermaid flowchart; ids are numbers, so that no name can break the syntax."""
    number = {card.id: f"n{index}" for index, card in enumerate(picture.cards)}
    outside = [card for card in picture.cards if card.look in (Look.COLUMN, Look.ANSWER)]
    training = [card for card in picture.cards if card.is_train_only]
    served = [card for card in picture.cards if card not in outside and card not in training]
    lines = ["flowchart TB", *(f"  {_card(card, number)}" for card in outside)]
    for id, title, cards in (("served", "served", served), ("training", "only in training", training)):
        if cards:
            lines += [f"  subgraph {id} [{title}]", *(f"    {_card(card, number)}" for card in cards), "  end"]
    for wire in picture.wires:
        label = f'|"{_text(wire.label)}"|' if wire.label else ""
        lines.append(f"  {number[wire.source]} -->{label} {number[wire.target]}")
    lines += [f"  classDef {look} fill:none,stroke:{colour},stroke-width:1.5px" for look, colour in COLOURS.items()]
    for flow, stroke in STROKES.items():
        places = [str(place) for place, wire in enumerate(picture.wires) if wire.flow is flow]
        lines += [f"  linkStyle {','.join(places)} {stroke}"] if places else []
    lines += ["  style training fill:none,stroke:#d92d20,stroke-dasharray:5 4"] if training else []
    return "\n".join(lines) + "\n"


def _card(card: Card, number: Mapping[str, str]) -> str:
    words = [f"<b>{_text(card.title)}</b>", *map(_text, card.texts[1:])]
    inner = '"' + "<br/>".join(words) + '"'
    shapes = {Look.TABLE: f"[({inner})]", Look.COLUMN: f"([{inner}])", Look.ANSWER: f"([{inner}])"}
    return f"{number[card.id]}{shapes.get(card.look, f'[{inner}]')}:::{card.look}"


def _text(text: str) -> str:
    """Return a text in which nothing is HTML, Markdown or Mermaid: `#` begins its own entities, so it goes first."""
    entities = {
        "#": "#35;",
        "&": "#amp;",
        "<": "#lt;",
        ">": "#gt;",
        '"': "#quot;",
        "[": "#91;",
        "]": "#93;",
        "`": "#96;",
    }
    return "".join(entities.get(letter, letter) for letter in " ".join(text.split()))
