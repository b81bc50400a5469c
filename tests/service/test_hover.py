"""Hover says what a word is, with its type, its columns and its signature."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sess.compiler.service.analysis import Analysis
from sess.compiler.service.hover import hover

At = Callable[..., tuple[Analysis, str, int]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("xlnet(", ["here: `Seq[T, 64]`", "whole", "xlnet(layers=2, heads=2", "*encoder*"]),
        ("steps >>", ["let steps =", "`Seq[T, 64]`", "stepwise", "Who is watching goes to every step."]),
        ("query >>", ["encoder query", "`Seq[T, 64]`"]),
        ("items)\n", ["table items", "`Tower[64]`, one vector an item of"]),
        ("context), to", ["columns context", "2 columns: ", "`country`"]),
        ("session_id,", ["session_id: string", "the key of the session"]),
        ("ITEM_ID", ["tag(ITEM_ID)", "`item_id`"]),
        ("tag(SEQUENCE)", ["tag(SEQUENCE)", "columns: `item_id`"]),
        ("layers=2", ["layers=2", "of `xlnet`: a whole number"]),
        ("patience", ["patience=3", "of `early`"]),
        ("stop ", ["of the section `train`"]),
        ("bidirectional", ["`bidirectional` or `causal`"]),
        ("ndcg@10", ["ndcg", "*metric*"]),
        ("encoder", ["encoder NAME = EXPRESSION"]),
        ("dim = 64", ["param dim = 64"]),
        ("price =", ["price: float", "of the steps"]),
        ("norm\n", ["here: `Seq[T, 64]`"]),
        ("device]", ["device: string", "of the session"]),
    ],
)
def test_a_word_says_what_it_is(at: At, words: str, said: list[str]) -> None:
    analysis, _, offset = at(words)
    found = hover(analysis, offset)
    assert found is not None
    assert [each for each in said if each not in found.text] == [], found.text


def test_an_operator_says_what_flows_into_it(at: At) -> None:
    analysis, _, offset = at(">> mlp([dim])")
    found = hover(analysis, offset + 1)
    assert found is not None
    assert "`Seq[T, " in found.text


def test_a_half_typed_reader_takes_no_type_away(typing: At) -> None:
    analysis, text, _ = typing("categorical(item, tied=items)", "cate|")
    found = hover(analysis, text.index("steps >> block"))
    assert found is not None
    assert "`Seq[T, 64]`" in found.text


@pytest.mark.parametrize("words", ["Which item", "\n\nparam", "# Who"])
def test_nothing_is_said_of_blanks_and_comments(at: At, words: str) -> None:
    analysis, _, offset = at(words)
    assert hover(analysis, offset) is None


def test_a_spec_without_its_schema_still_says_what_blocks_are(typing: At) -> None:
    analysis, text, _ = typing('schema "shop.pbtxt"', 'schema "missing|.pbtxt"')
    found = hover(analysis, text.index("xlnet("))
    assert found is not None
    assert "*encoder*" in found.text
