"""The graph as an SVG picture, drawn by our own layout: no Graphviz is needed to see it."""

from __future__ import annotations

from sess.compiler.draw.layout import MARGIN, Layout, Line, lay_out
from sess.compiler.draw.picture import FLOWS, Picture
from sess.compiler.draw.templates import render

HEADING = 20.0  # the height of a line above the picture
LEGEND = 24.0


def draw(picture: Picture, *, is_inline: bool = False) -> str:
    """Return the SVG text; light and dark by the reader's own setting, or by the page's where it is inline."""
    heading = MARGIN + HEADING * (1 + len(picture.totals)) + 10
    layout = lay_out(picture, top=heading, foot=MARGIN + LEGEND)
    flows = [(flow, text) for flow, text in FLOWS.items() if any(wire.flow is flow for wire in picture.wires)]
    legend, width = _legend([(str(flow), text) for flow, text in flows], layout)
    return render(
        "graph.svg.jinja", picture=picture, layout=layout, paths=[_path(line) for line in layout.lines],
        labels=_labels(layout), legend=legend, width=width, margin=MARGIN, heading=HEADING, is_inline=is_inline,
        height=layout.height + max((y for *_, y in legend), default=0.0),
    )  # fmt: skip


def _path(line: Line) -> str:
    """Return the curve through a wire's points; it leaves and enters cards straight down."""
    (x, y), *rest = line.points
    parts = [f"M{x:.1f},{y:.1f}"]
    for next_x, next_y in rest:
        if abs(next_x - x) < 0.05:
            parts.append(f"L{next_x:.1f},{next_y:.1f}")
        else:
            middle = (y + next_y) / 2
            parts.append(f"C{x:.1f},{middle:.1f} {next_x:.1f},{middle:.1f} {next_x:.1f},{next_y:.1f}")
        x, y = next_x, next_y
    return " ".join(parts)


def _labels(layout: Layout) -> list[tuple[float, float, str, str]]:
    """Return the words of ports with their places: beside the wire's end, on the side where no other wire enters."""
    found = []
    for line in layout.lines:
        if line.wire.label:
            x, y = line.points[-1]
            others = [each.points[-1][0] for each in layout.lines if each.wire.target == line.wire.target]
            is_left = x == min(others) and len(others) > 1
            found.append((x - 7 if is_left else x + 7, y - 6, "end" if is_left else "start", line.wire.label))
    return found


def _legend(flows: list[tuple[str, str]], layout: Layout) -> tuple[list[tuple[str, str, float, float]], float]:
    """Return flows with their texts and places, below the picture and broken to its width; and the sheet's width."""
    width = max(layout.width, 420.0)
    found, x, y = [], MARGIN, 0.0
    for flow, text in flows:
        needed = 36 + len(text) * 6.4 + 18
        if x > MARGIN and x + needed > width - MARGIN:
            x, y = MARGIN, y + 18
        found.append((flow, text, x, y))
        x += needed
    return found, width
