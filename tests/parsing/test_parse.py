"""Texts become trees: words, literals, operators, and the freedom of keywords as keys."""

from __future__ import annotations

import sys

import pytest

from sess.compiler.diagnostics import Reporter
from sess.compiler.parse import parse
from sess.compiler.source import Source
from sess.compiler.tree import (
    Binary,
    Call,
    Definition,
    Duration,
    Expression,
    ListOf,
    Literal,
    Metric,
    Name,
    Operator,
    Pipeline,
    Section,
    Spec,
)


def sound(text: str) -> Spec:
    """Return the tree of a text that has no syntax errors."""
    reporter = Reporter()
    spec = parse(Source("test.sess", text), reporter)
    assert reporter.diagnostics == ()
    return spec


def value_of(text: str) -> Expression:
    """Return the tree of one expression."""
    (statement,) = sound(f"let x = {text}").statements
    assert isinstance(statement, Definition)
    return statement.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000_000", 1_000_000),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("-3", -3),
        ("- 2.5", -2.5),
        ("true", True),
        ("false", False),
        (r'"a\"b\u00e9\n"', 'a"bé\n'),
        ("30m", Duration(30 * 60_000_000, "30m")),
        ("2ms", Duration(2_000, "2ms")),
        ("1w", Duration(7 * 86_400_000_000, "1w")),
        ("ndcg@10", Metric("ndcg", 10)),
    ],
)
def test_a_literal_has_its_value(text: str, value: object) -> None:
    found = value_of(text)
    assert isinstance(found, Literal)
    assert found.value == value
    assert type(found.value) is type(value)


def test_and_binds_tighter_than_union_and_pipes_bind_loosest() -> None:
    found = value_of("a + b & c - d >> f(1) >> g")
    assert isinstance(found, Pipeline)
    first, call, name = found.stages
    assert isinstance(first, Binary) and first.operator is Operator.DIFFERENCE
    assert isinstance(first.left, Binary) and first.left.operator is Operator.UNION
    assert isinstance(first.left.right, Binary) and first.left.right.operator is Operator.MEET
    assert isinstance(call, Call) and isinstance(name, Name)


def test_a_trailing_comma_is_allowed_in_calls_and_lists() -> None:
    found = value_of("f([1, 2,], key=3,)")
    assert isinstance(found, Call)
    assert [argument.label.text if argument.label else None for argument in found.arguments] == [None, "key"]
    assert isinstance(found.arguments[0].value, ListOf)


@pytest.mark.parametrize("word", ["spec", "table", "in", "for", "true", "catalogue", "head", "data", "domain"])
def test_a_keyword_is_free_as_an_argument_and_as_a_key(word: str) -> None:
    (section,) = sound(f"data {{ {word} = f({word}=1) }}").statements
    assert isinstance(section, Section)
    assert section.entries[0].key.text == word


def test_commas_after_entries_are_optional_and_keys_may_be_strings() -> None:
    (section,) = sound('prepare { a = 1, "b c" = 2\n c = 3 }').statements
    assert isinstance(section, Section)
    assert [entry.key.text for entry in section.entries] == ["a", "b c", "c"]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    spec = sound("\ufeffspec a\r\nlet x = 1 # comment\r\n")
    assert len(spec.statements) == 2
    assert spec.statements[1].span.text == "let x = 1"


def test_statements_may_share_a_line() -> None:
    assert len(sound('spec a schema "s" let x = f(1) >> g head h = x').statements) == 4


def test_spans_point_at_what_was_written() -> None:
    (statement,) = sound("let x = concat( a , b ) >> mlp([64])").statements
    assert isinstance(statement, Definition)
    assert statement.value.span.text == "concat( a , b ) >> mlp([64])"
    assert isinstance(statement.value, Pipeline)
    assert statement.value.stages[0].span.text == "concat( a , b )"


def test_a_deep_spec_leaves_the_limit_of_frames_as_it_was() -> None:
    before = sys.getrecursionlimit()
    parse(Source("a.sess", f"let x = {'f(' * 60}y{')' * 60}\n"), Reporter())
    assert sys.getrecursionlimit() == before
