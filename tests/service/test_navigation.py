"""Definitions, references, renaming, outline, signatures and hints: from a spec's words to places and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sess.compiler.service.analysis import Analysis, analyse
from sess.compiler.service.definition import definition
from sess.compiler.service.inlay import inlays
from sess.compiler.service.outline import outline
from sess.compiler.service.references import references
from sess.compiler.service.rename import Unnameable, rename
from sess.compiler.service.signature_help import signature_help

At = Callable[..., tuple[Analysis, str, int]]


@pytest.mark.parametrize(
    ("words", "file", "text"),
    [
        ("steps >>", "spec.sess", "steps"),
        ("dim)\n", "spec.sess", "dim"),
        ("clicks))", "spec.sess", "clicks"),
        ("device]", "shop.pbtxt", '"device"'),
        ("price =", "shop.pbtxt", '"price"'),
        ('"shop.pbtxt"', "shop.pbtxt", ""),
        ("xlnet(", "xlnet.py", "class Xlnet(Encoder[XlnetParams]):"),
    ],
)
def test_a_word_leads_to_where_it_comes_from(at: At, words: str, file: str, text: str) -> None:
    analysis, _, offset = at(words)
    found = definition(analysis, offset)
    assert found is not None
    assert (Path(found.source.name).name, found.text) == (file, text)


def test_a_tag_comes_from_nowhere(at: At) -> None:
    analysis, _, offset = at("SEQUENCE")
    assert definition(analysis, offset) is None


def test_references_are_all_uses_and_the_definition(at: At) -> None:
    analysis, text, offset = at("item    =")
    lines = [text.splitlines()[span.first.line - 1].split()[0] for span in references(analysis, offset)]
    assert lines == ["columns", "table", "head"]
    assert len(references(analysis, offset, has_declaration=False)) == 2


def test_a_block_of_another_kind_is_no_reference(at: At) -> None:
    analysis, _, offset = at("last(20)")
    assert [span.text for span in references(analysis, offset)] == ["last"]


def test_renaming_changes_the_definition_and_every_use(at: At) -> None:
    analysis, text, offset = at("steps >> block")
    for edit in sorted(rename(analysis, offset, "inputs"), key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    assert "let     inputs = concat" in text and "encoder query = inputs >> block" in text and "steps" not in text


@pytest.mark.parametrize(
    ("words", "name", "why"),
    [
        ("steps >>", "in", "a word of the language"),
        ("steps >>", "query", "already"),
        ("steps >>", "2x", "no name"),
        ("price =", "cost", "from the schema"),
        ("xlnet(", "other", "only what the spec defines"),
    ],
)
def test_what_can_not_be_renamed_says_why(at: At, words: str, name: str, why: str) -> None:
    analysis, _, offset = at(words)
    with pytest.raises(Unnameable, match=why):
        rename(analysis, offset, name)


def test_renaming_reaches_into_imports_and_unsaved_texts_count(folder: Path) -> None:
    main = 'spec a\nschema "shop.pbtxt"\nimport "more.sess"\nlet x = features(clicks)\n'
    (folder / "more.sess").write_text("columns saved = tag(SEQUENCE)\n")
    overlay = {(folder / "more.sess").resolve(): "columns clicks = tag(SEQUENCE)\n"}
    analysis = analyse(folder / "main.sess", main, overlay)
    edits = rename(analysis, main.index("clicks"), "steps")
    assert sorted(Path(edit.span.source.name).name for edit in edits) == ["main.sess", "more.sess"]
    found = definition(analysis, main.index("clicks"))
    assert found is not None and Path(found.source.name).name == "more.sess"


def test_the_outline_has_every_statement_with_its_type_and_every_key(at: At) -> None:
    analysis, _, _ = at("spec shop")
    symbols = {each.text: each for each in outline(analysis)}
    assert symbols["query"].detail == "Seq[T, 64]"
    assert [each.text for each in symbols["train"].inner] == ["objective", "stop"]
    assert len(symbols) == len(analysis.checked.spec.statements)


@pytest.mark.parametrize(
    ("old", "new", "text", "active"),
    [
        ("heads=4", "|heads=4", "xlnet(layers=2", None),
        ("heads=4", "heads=|4", "xlnet(layers=2", "heads=2"),
        ("tied=items", "|tied=items", "categorical(target", None),
        ("features(context), to", "|features(context), to", "broadcast(row, to", "row"),
        ("last(20)", "last(|", "last(", "n=50"),
    ],
)
def test_the_call_around_the_cursor_shows_its_signature(
    typing: At, old: str, new: str, text: str, active: str | None
) -> None:
    analysis, whole, offset = typing(old, new)
    found = signature_help(analysis.registry, whole, offset)
    assert found is not None and text in found.text
    if active is not None:
        assert found.active is not None and found.arguments[found.active].text.startswith(active.split("=")[0])


def test_hints_give_every_definition_its_type(at: At) -> None:
    analysis, _, _ = at("spec shop")
    hints = {each.name.text: each.text for each in inlays(analysis)}
    assert hints["query"] == "Seq[T, 64]" and hints["items"] == "Tower[64]" and hints["context"] == "2 columns"
