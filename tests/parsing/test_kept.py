"""Trees that the parser keeps from earlier texts have the spans of the text that is parsed."""

from __future__ import annotations

from hypothesis import given, settings
from specs_strategy import spec_texts

from sess.compiler.diagnostics import Reporter
from sess.compiler.parse import _KEPT, parse
from sess.compiler.source import Source


@settings(deadline=None)  # on a busy machine any example may take long
@given(spec_texts())
def test_a_text_that_moved_has_the_tree_that_a_fresh_parser_gives(text: str) -> None:
    moved = Source("spec", f"# one line more\n\n{text}")
    parse(Source("spec", text), Reporter())
    kept = parse(moved, Reporter())
    _KEPT.clear()
    assert kept == parse(moved, Reporter())
