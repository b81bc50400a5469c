"""The formats: a hostile name can't break out of SVG, Mermaid or DOT."""

from __future__ import annotations

from xml.etree import ElementTree

from sess.compiler.draw import dot, mermaid, svg
from sess.compiler.draw.picture import Card, Look, Picture, Wire

HOSTILE = '"]<script>alert(1)</script>&\\'
PICTURE = Picture(
    HOSTILE,
    (Card(HOSTILE, HOSTILE, HOSTILE, "Seq[T, 64]", Look.TABLE), Card("b", "plain", "", "Row[4]", Look.HEAD, True)),
    (Wire(HOSTILE, "b", HOSTILE, True),),
)


def test_svg_is_well_formed_and_holds_no_script() -> None:
    root = ElementTree.fromstring(svg.draw(PICTURE))
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert HOSTILE in texts


def test_mermaid_escapes_brackets_and_quotes() -> None:
    text = mermaid.draw(PICTURE)
    assert "<script" not in text
    assert "Seq&#91;T, 64&#93;" in text


def test_dot_quotes_every_name() -> None:
    lines = dot.draw(PICTURE).splitlines()
    assert lines[0] == 'digraph "\\"]<script>alert(1)</script>&\\\\" {'
