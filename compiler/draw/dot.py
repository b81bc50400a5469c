"""The graph as Graphviz DOT text, for those who have their own style of drawing."""

from __future__ import annotations

from collections.abc import Sequence

from sess.compiler.draw.mermaid import COLOURS
from sess.compiler.draw.picture import Card, Flow, Look, Picture

STYLES = {
    Flow.COLUMNS: 'color="#0e9384", style=dotted',
    Flow.ROW: 'color="#2e7d32"',
    Flow.SEQ: 'color="#7a5af8", penwidth=2',
    Flow.TOWER: 'color="#c4620a", style=dashed',
    Flow.HEAD: 'color="#c11574"',
    Flow.LABELS: 'color="#d92d20", style=dashed, constraint=false',
}


def draw(picture: Picture) -> str:
    """Return the DOT digraph."""
    outside = [card for card in picture.cards if card.look in (Look.COLUMN, Look.ANSWER)]
    training = [card for card in picture.cards if card.is_train_only]
    served = [card for card in picture.cards if card not in outside and card not in training]
    lines = [
        f"digraph {_quoted(picture.title)} {{",
        "  node [shape=box, style=rounded, fontname=monospace, fontsize=11]",
        "  edge [fontname=monospace, fontsize=10]",
        *(f"  {_card(card)}" for card in outside),
        *_cluster("served", "served", served),
        *_cluster("training", "only in training", training),
    ]
    for wire in picture.wires:
        label = f", label={_quoted(wire.label)}" if wire.label else ""
        lines.append(f"  {_quoted(wire.source)} -> {_quoted(wire.target)} [{STYLES[wire.flow]}{label}]")
    return "\n".join([*lines, "}"]) + "\n"


def _cluster(id: str, label: str, cards: Sequence[Card]) -> list[str]:
    if not cards:
        return []
    style = "style=dashed" if id == "training" else "style=rounded"
    return [f"  subgraph cluster_{id} {{", f"    label={_quoted(label)}; {style}",
            *(f"    {_card(card)}" for card in cards), "  }"]  # fmt: skip


def _card(card: Card) -> str:
    dashed = ', style="rounded,dashed"' if card.is_train_only else ""
    return f'{_quoted(card.id)} [label={_quoted(chr(10).join(card.texts))}, color="{COLOURS[card.look]}"{dashed}]'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
