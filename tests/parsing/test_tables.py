"""The parser tables that are shipped are those of the grammar."""

from __future__ import annotations

from pathlib import Path

from lark import Lark
from lark.exceptions import UnexpectedInput

from sess.compiler.lexer import grammar
from sess.grammar.generate import build, digest
from sess.grammar.tables import GRAMMAR


def test_the_tables_were_made_from_this_grammar() -> None:
    assert digest() == GRAMMAR, "run `make grammar`"


def test_loaded_tables_parse_as_built_ones(root: Path) -> None:
    built = build()
    for path in sorted((root / "tests").rglob("spec.sess")):
        text = path.read_text()
        assert _outcome(grammar(), text) == _outcome(built, text)


def _outcome(parser: Lark, text: str) -> object:
    try:
        return parser.parse(text, start="start")
    except UnexpectedInput as error:
        return type(error), error.line, error.column, sorted(getattr(error, "expected", None) or ())
