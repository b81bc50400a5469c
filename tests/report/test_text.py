"""Findings as people see them, letter by letter."""

from __future__ import annotations

import json

from sess.compiler import codes
from sess.compiler.diagnostics import Diagnostic, Edit, Fix, Label
from sess.compiler.report import concise, json_text, text
from sess.compiler.report.paint import Paint
from sess.compiler.source import Source, Span

LINE = "let     x     = concat(features(clicks), features(context)) >> mlp([64])"
SOURCE = Source("next_item.sess", "\n" * 11 + LINE + "\n")


def span(words: str) -> Span:
    """Return where words stand in the line."""
    start = SOURCE.text.index(words)
    return Span(SOURCE, start, start + len(words))


def row_meets_seq() -> Diagnostic:
    """Return the finding that the language page shows."""
    row = span("features(context)")
    edits = (
        Edit(Span(SOURCE, row.start, row.start), "broadcast("),
        Edit(Span(SOURCE, row.end, row.end), ", to=clicks)"),
    )
    return Diagnostic(
        codes.ROW_MEETS_SEQ, "a Row meets a Seq in `concat`", row, "Row[24], one vector a session",
        (Label(span("features(clicks)"), "Seq[T, 72], one vector a step"),), (),
        (Fix("repeat it for every step of `clicks`", edits),),
    )  # fmt: skip


def test_the_example_of_the_language_page() -> None:
    assert text.render([row_meets_seq()], Paint(is_on=False)) == (
        "error[S301]: a Row meets a Seq in `concat`\n"
        "  --> next_item.sess:12:42\n"
        "   |\n"
        "12 | let     x     = concat(features(clicks), features(context)) >> mlp([64])\n"
        "   |                        ----------------  ^^^^^^^^^^^^^^^^^ Row[24], one vector a session\n"
        "   |                        |\n"
        "   |                        Seq[T, 72], one vector a step\n"
        "help: repeat it for every step of `clicks`\n"
        "   |\n"
        "12 | let     x     = concat(features(clicks), broadcast(features(context), to=clicks)) >> mlp([64])\n"
        "   |                                          ++++++++++                 ++++++++++++\n"
        "\n"
        "1 error\n"
    )


def test_json_has_lines_columns_and_byte_offsets() -> None:
    source = Source("a.sess", "# é\nlet x = y\n")
    found = Diagnostic(codes.UNKNOWN_NAME, "nothing is called `y`", Span(source, 12, 13))
    value = json.loads(json_text.render([found]))
    assert value["valid"] is False and value["error_count"] == 1
    place = value["diagnostics"][0]["range"]
    assert place["start"] == {"line": 2, "column": 9, "offset": 13}
    assert place["end"] == {"line": 2, "column": 10, "offset": 14}


def test_json_says_which_edits_would_mend_it() -> None:
    (found,) = json.loads(json_text.render([row_meets_seq()]))["diagnostics"]
    assert [edit["replacement"] for edit in found["fixes"][0]["edits"]] == ["broadcast(", ", to=clicks)"]


def test_concise_is_one_line_a_finding() -> None:
    assert concise.render([row_meets_seq()]) == "next_item.sess:12:42: error[S301] a Row meets a Seq in `concat`\n"


def test_colours_change_no_letter() -> None:
    plain = text.render([row_meets_seq()], Paint(is_on=False))
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", text.render([row_meets_seq()], Paint(is_on=True))) == plain
