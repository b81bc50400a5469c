"""Broken texts: every mistake is found once, and none is caused by another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sess.compiler.diagnostics import Reporter
from sess.compiler.parse import parse
from sess.compiler.source import Source

MISTAKES = """\
spec bad
schema "x.pbtxt"
colums clicks = tag(SEQUENCE)
columns context = tag(CONTEXT
table items = embedding(item, dim=)
let x = concat(a,, b)
let y  concat(a, b)
let table = foo
encoder q = x >> $$ xlnet(layers=2)
head click = q >> categorical(item, tied="abc)
data {
  train = "a
  keep = last(.5)
  rows events(session=a)
  table = 5x
}
train { objective = next
serve {
  top_k = 20)
}
"""
FOUND = [
    (3, "S107"), (4, "S106"), (5, "S109"), (6, "S109"), (7, "S101"), (8, "S108"), (9, "S102"), (10, "S103"),
    (12, "S103"), (13, "S105"), (14, "S101"), (15, "S105"), (17, "S106"), (19, "S110"),
]  # fmt: skip


def findings(text: str) -> list[tuple[int, str]]:
    """Return line and code of every finding."""
    reporter = Reporter()
    parse(Source("bad.sess", text), reporter)
    return [(each.span.first.line, each.code.number) for each in reporter.diagnostics]


def test_fourteen_mistakes_give_fourteen_findings() -> None:
    assert findings(MISTAKES) == FOUND


@pytest.mark.parametrize("line", [number for number, _ in FOUND if number not in (17,)])
def test_without_one_mistake_the_others_stay_the_same(line: int) -> None:
    lines = MISTAKES.splitlines(keepends=True)
    lines[line - 1] = "\n"
    assert findings("".join(lines)) == [each for each in FOUND if each[0] != line]


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "let x = " + "[" * 100_000, '"' + "a" * 10_000_000, "$ " * 200_000, "a = " * 100_000, "{" * 50_000],
    ids=["parentheses", "brackets", "long string", "stray signs", "words", "braces"],
)
def test_a_hostile_text_gets_a_finding(text: str) -> None:
    assert findings(text)


@pytest.mark.parametrize("text", ["let x =:> f(1)", "A\nlet x = y", "a/b/c =>> :", "train", "let x = f(", "-> => :> ;"])
def test_a_text_of_wrong_signs_ends_and_gets_a_finding(text: str) -> None:
    assert findings(text)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_text_with_pieces_cut_out_never_raises_and_says_where(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(MISTAKES)))
    end = data.draw(st.integers(start, min(len(MISTAKES), start + 40)))
    junk = data.draw(st.text(max_size=8))
    text = MISTAKES[:start] + junk + MISTAKES[end:]
    reporter = Reporter()
    parse(Source("bad.sess", text), reporter)
    for each in reporter.diagnostics:
        assert 0 <= each.span.start <= each.span.end <= len(text)
