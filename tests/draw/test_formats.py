"""The formats: a hostile name can't break out of any of them, and each says the same graph."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import networkx
import pytest

from sess.compiler.draw import dot, html, mermaid, svg
from sess.compiler.draw.picture import Card, Flow, Look, Picture, Place, Wire
from sess.compiler.draw.sketch import sketch
from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.graph import CheckedGraph
from sess.compiler.graph_json import dumps
from sess.compiler.registry import registry

NAMES = (
    '"]<script>alert(1)</script>&\\',
    'a"; <script>',
    "{{7*7}}",
    "</svg></script><img src=x onerror=alert(1)>",
    "%% #quot; `x` end subgraph",
)


def picture(name: str) -> Picture:
    """Return two cards and a wire, all of a hostile name."""
    cards = (
        Card(name, name, name, "Seq[T, 64]", Look.TABLE, facts=(("kind", name),), place=Place("spec.sess", 1, 1)),
        Card("b", "plain", "", "Row[4]", Look.HEAD, True),
    )
    return Picture(name, cards, (Wire(name, "b", name, Flow.LABELS),), (name,))


class _Page(HTMLParser):
    """Collects what a browser would take for elements and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element."""
        self.tags.append(tag)
        if tag == "script":
            self.scripts.append("")
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""

    def handle_data(self, data: str) -> None:
        """Add to the script that is open."""
        if self.lasttag == "script" and self.scripts:
            self.scripts[-1] += data


@pytest.fixture
def checked(root: Path) -> CheckedGraph:
    """Return the graph of the spec that the README shows."""
    found = check_spec(root / "specs/xlnet_masked.sess", CheckOptions(schema=root / "specs/shop.pbtxt")).graph
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_svg_is_well_formed_and_holds_names_as_text(name: str) -> None:
    root = ElementTree.fromstring(svg.draw(picture(name)))
    kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert kinds == {"svg", "title", "style", "defs", "marker", "path", "rect", "text", "g"}
    assert name in [element.text for element in root.iter() if element.tag.endswith("text")]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_holds_its_own_scripts_and_no_other_element_of_a_name(name: str) -> None:
    page = _Page()
    page.feed(html.draw(picture(name), {"spec.sess": name}))
    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    assert json.loads(page.scripts[0])[name]["title"] == name
    assert re.fullmatch(
        r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[A-Za-z0-9+/]{43}='", page.policy
    )


def test_the_page_needs_nothing_from_elsewhere(checked: CheckedGraph, root: Path) -> None:
    text = html.draw(sketch(checked, registry()), {})
    assert re.findall(r"(?:src|href)=|@import|url\((?!#)", text) == []
    assert set(re.findall(r"https?://[^\"\s]+", text)) == {"http://www.w3.org/2000/svg"}


def test_a_card_points_into_the_spec(checked: CheckedGraph, root: Path) -> None:
    cards = {card.id: card for card in sketch(checked, registry()).cards}
    place = cards["query"].place
    assert place is not None
    line = (root / "specs/xlnet_masked.sess").read_text().splitlines()[place.first - 1]
    assert "xlnet(layers=2" in line


def test_wires_have_the_type_of_what_flows(checked: CheckedGraph) -> None:
    flows = {(wire.source, wire.target): wire.flow for wire in sketch(checked, registry()).wires}
    assert flows["steps.broadcast", "steps.concat"] is Flow.SEQ
    assert flows["steps.features.2", "steps.broadcast"] is Flow.ROW
    assert flows["items", "click"] is Flow.TOWER
    assert flows["click", "answer:click.head"] is Flow.HEAD
    assert flows["click", "loss:click"] is Flow.LABELS


@pytest.mark.parametrize("name", NAMES)
def test_dot_quotes_every_name(name: str) -> None:
    first = dot.draw(picture(name)).splitlines()[0]
    quoted = first.removeprefix("digraph ").removesuffix(" {")
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', quoted)
    assert re.sub(r"\\(.)", r"\1", quoted[1:-1]) == name


@pytest.mark.parametrize("name", NAMES)
def test_mermaid_leaves_no_letter_that_means_something(name: str) -> None:
    for line in mermaid.draw(picture(name)).splitlines():
        assert "<script" not in line and "<img" not in line
        assert line.count('"') % 2 == 0


@pytest.mark.registry
@pytest.mark.slow
def test_mermaid_itself_reads_what_is_drawn(checked: CheckedGraph, root: Path, tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node is not installed")
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    shutil.copy(root / "tests/draw/mermaid_parses.mjs", tmp_path)
    installing = [npm, "install", "--silent", "--no-audit", "--no-fund", "mermaid@11", "jsdom@29"]
    done = subprocess.run(installing, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        pytest.skip("npm reaches no package registry")
    for each in (sketch(checked, registry()), *map(picture, NAMES)):
        reading = [node, "mermaid_parses.mjs"]
        read = subprocess.run(
            reading, cwd=tmp_path, capture_output=True, text=True, timeout=60, input=mermaid.draw(each), check=False
        )
        assert read.returncode == 0, read.stderr
        assert json.loads(read.stdout) == {"cards": len(each.cards), "wires": len(each.wires)}


def test_json_survives_networkx(checked: CheckedGraph) -> None:
    data = json.loads(dumps(checked))
    graph = networkx.node_link_graph(data, edges="edges")
    again = networkx.node_link_data(graph, edges="edges")

    def plain(value: dict[str, object]) -> str:
        return json.dumps(value, sort_keys=True)

    assert plain(again) == plain(data)
    assert networkx.is_directed_acyclic_graph(graph)
