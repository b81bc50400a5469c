"""The graph as Graphviz DOT text, for those who have their own style of drawing."""

from __future__ import annotations

from sess.compiler.draw.picture import Picture


def draw(picture: Picture) -> str:
    """Return the DOT digraph."""
    lines = [f"digraph {_quoted(picture.title)} {{", "  node [shape=box, style=rounded, fontname=monospace]"]
    for card in picture.cards:
        words = "\n".join(text for text in (card.title, card.detail, card.shape) if text)
        dashed = ', style="rounded,dashed"' if card.is_train_only else ""
        lines.append(f"  {_quoted(card.id)} [label={_quoted(words)}{dashed}]")
    for wire in picture.wires:
        style = ", style=dashed" if wire.is_train_only else ""
        lines.append(f"  {_quoted(wire.source)} -> {_quoted(wire.target)} [label={_quoted(wire.label)}{style}]")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
