"""The graph as an SVG picture, drawn by our own layout: no Graphviz is needed to see it."""

from __future__ import annotations

from sess.compiler.draw.layout import Layout, Line, lay_out
from sess.compiler.draw.picture import Picture
from sess.compiler.draw.templates import render


def draw(picture: Picture) -> str:
    """Return the SVG text; light and dark by the reader's own setting."""
    layout = lay_out(picture)
    return render("graph.svg.jinja", layout=layout, title=picture.title, paths=[_path(line) for line in layout.lines],
                  frame=_train_frame(layout))  # fmt: skip


def _path(line: Line) -> str:
    """Return the curve through a wire's points; it leaves and enters cards straight down."""
    (x, y), *rest = line.points
    parts = [f"M{x:.1f},{y:.1f}"]
    for next_x, next_y in rest:
        middle = (y + next_y) / 2
        parts.append(f"C{x:.1f},{middle:.1f} {next_x:.1f},{middle:.1f} {next_x:.1f},{next_y:.1f}")
        x, y = next_x, next_y
    return " ".join(parts)


def _train_frame(layout: Layout) -> tuple[float, float, float, float] | None:
    """Return left, top, width and height around what is only in training; None if nothing is."""
    boxes = [box for box in layout.boxes if box.card.is_train_only]
    if not boxes:
        return None
    left, top = min(box.left for box in boxes) - 12, min(box.top for box in boxes) - 12
    right, foot = max(box.left + box.width for box in boxes) + 12, max(box.top + box.height for box in boxes) + 12
    return left, top, right - left, foot - top
