"""The laws of the one form, over specs made from the grammar and over every spec there is."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from specs_strategy import spec_texts

from sess.compiler.comments import comments
from sess.compiler.diagnostics import Reporter
from sess.compiler.format import format_source
from sess.compiler.layout import WIDTH
from sess.compiler.parse import parse
from sess.compiler.source import Source, Span

UNHURRIED = settings(deadline=None)  # on a busy machine any example may take long
ROOT = Path(__file__).parents[2]
CORPUS = sorted(
    [*ROOT.glob("specs/**/*.sess"), *ROOT.glob("tests/**/*.sess"), *ROOT.parent.glob("shared/specs/*.sess")]
)


def test_most_made_specs_parse() -> None:
    tried: Counter[bool] = Counter()

    @settings(max_examples=100, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(spec_texts())
    def count(text: str) -> None:
        tried[_is_sound(text)] += 1

    count()
    assert tried[True] > 9 * tried[False]


@UNHURRIED
@given(spec_texts())
def test_formatting_again_changes_nothing(text: str) -> None:
    assume(_is_sound(text))
    once = _formatted(text)
    assert _formatted(once) == once


@UNHURRIED
@given(spec_texts())
def test_the_one_form_means_the_same(text: str) -> None:
    assume(_is_sound(text))
    assert _meaning(_formatted(text)) == _meaning(text)


@UNHURRIED
@given(spec_texts())
def test_no_comment_is_lost(text: str) -> None:
    assume(_is_sound(text))
    assert _comments(_formatted(text)) == _comments(text)


@UNHURRIED
@given(spec_texts())
def test_no_line_ends_in_a_blank_and_only_the_last_line_ends_the_file(text: str) -> None:
    assume(_is_sound(text))
    fresh = _formatted(text).replace("\r\n", "\n")
    assert fresh.endswith("\n") and not fresh.endswith("\n\n") and not fresh.startswith("\n")
    assert [line for line in fresh.split("\n") if line != line.rstrip(" \t\r\n")] == []


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_spec_that_is_there_keeps_its_meaning_and_comments(path: Path) -> None:
    text = path.read_bytes().decode(errors="replace")
    if not _is_sound(text):
        assert format_source(Source("spec", text), Reporter()) is None
        return
    fresh = _formatted(text)
    assert _formatted(fresh) == fresh
    assert _meaning(fresh) == _meaning(text)
    assert _comments(fresh) == _comments(text)
    code = [line.partition("  #")[0] for line in fresh.splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in code if len(line) > WIDTH] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("specs/*.sess")), ids=lambda path: path.name)
def test_the_specs_that_users_copy_are_in_their_one_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert _formatted(text) == text


def _is_sound(text: str) -> bool:
    reporter = Reporter()
    parse(Source("spec", text), reporter)
    return not reporter.diagnostics


def _formatted(text: str) -> str:
    fresh = format_source(Source("spec", text), Reporter())
    assert fresh is not None
    return fresh


def _comments(text: str) -> list[str]:
    return sorted(each.text for each in comments(Source("spec", text)))


def _meaning(text: str) -> object:
    """Return the tree of a text without its spans."""
    return _without_spans(parse(Source("spec", text), Reporter()))


def _without_spans(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_without_spans(each) for each in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        kept = {name: _without_spans(part) for name, part in parts.items() if not isinstance(part, (Span, Source))}
        return type(value).__name__, kept
    return value
