"""What the one form looks like: alignment, broken lines, comments beside what they are about."""

from __future__ import annotations

import pytest

from sess.compiler.diagnostics import Reporter
from sess.compiler.format import format_source
from sess.compiler.source import Source


def formatted(text: str) -> str | None:
    """Return the one form of a text."""
    return format_source(Source("spec", text), Reporter())


def test_neighbours_share_their_columns_and_a_blank_line_parts_them() -> None:
    text = "let x = a\nencoder query = x\nhead h = query\n\n\ntable t = embedding(item)\n"
    assert formatted(text) == (
        "let     x     = a\nencoder query = x\nhead    h     = query\n\ntable t = embedding(item)\n"
    )


def test_spaces_of_params_share_their_column() -> None:
    assert formatted("param dim=64 in [32, 64]\nparam lr=1e-3 in log(1e-4,1e-2)\n") == (
        "param dim = 64   in [32, 64]\nparam lr  = 1e-3 in log(1e-4, 1e-2)\n"
    )


def test_a_section_of_one_entry_is_one_line_and_others_are_not() -> None:
    assert formatted("train {\n objective=next,\n}\nserve { top_k=5, exclude=[seen] }\n") == (
        "train { objective = next }\nserve {\n  top_k   = 5\n  exclude = [seen]\n}\n"
    )


def test_a_long_pipeline_breaks_before_its_operators() -> None:
    stages = " >> ".join(["features(clicks)", *(f"mlp([{width}, {width}])" for width in range(100, 108))])
    lines = (formatted(f"let x = {stages}\n") or "").splitlines()
    assert lines[0] == "let x = features(clicks)"
    assert lines[1] == "  >> mlp([100, 100])"
    assert len(lines) == 9


def test_a_long_call_gives_every_item_a_line_and_a_comma() -> None:
    items = ", ".join(f"features(columns_with_a_long_name_{i})" for i in range(4))
    assert formatted(f"let x = concat({items})\n") == (
        "let x = concat(\n" + "".join(f"  features(columns_with_a_long_name_{i}),\n" for i in range(4)) + ")\n"
    )


def test_a_list_alone_in_a_call_shares_its_brackets_lines() -> None:
    numbers = ", ".join(str(10**9 + i) for i in range(12))
    lines = (formatted(f"prepare {{ price = bucketize([{numbers}]) a = b }}") or "").splitlines()
    assert lines[1] == "  price = bucketize(["
    assert lines[2] == "    1000000000,"
    assert lines[-3:] == ["  ])", "  a     = b", "}"]


def test_comments_stay_beside_what_they_are_about() -> None:
    text = """\
# the spec
spec a # named so

let x = concat( # both
    features(clicks), # steps
    # who is watching
    features(viewer),
    # that is all
) # done
data { # where
  # one file
  train = "a.parquet" # for now
  # no more
} # end
# bye
"""
    assert (
        formatted(text)
        == """\
# the spec
spec a  # named so

let x = concat(  # both
  features(clicks),  # steps
  # who is watching
  features(viewer),
  # that is all
)  # done
data {  # where
  # one file
  train = "a.parquet"  # for now
  # no more
}  # end
# bye
"""
    )


def test_a_comment_with_no_line_of_its_own_goes_above() -> None:
    assert formatted("let # why\n  x = # and how\n  a\n") == "# why\n# and how\nlet x = a\n"


def test_parentheses_that_change_nothing_go_and_the_others_stay() -> None:
    assert formatted("columns a = ((b + c)) - (d & e) - (f + g)\nlet x = (a >> b) >> (c >> d)\n") == (
        "columns a = b + c - d & e - (f + g)\nlet     x = (a >> b) >> (c >> d)\n"
    )


def test_numbers_and_strings_stay_as_they_were_written() -> None:
    text = 'prepare { "a \\u00e9" = clip(1_000, - 5) }\n'
    assert formatted(text) == 'prepare { "a \\u00e9" = clip(1_000, -5) }\n'


@pytest.mark.parametrize(("text", "fresh"), [("", ""), ("\n\n", ""), ("\n# alone", "# alone\n")])
def test_a_file_without_statements_has_a_form_too(text: str, fresh: str) -> None:
    assert formatted(text) == fresh


def test_lines_end_as_the_first_one_does() -> None:
    assert formatted("spec a\r\nlet  x = b\n") == "spec a\r\nlet x = b\r\n"
    assert formatted("spec a\nlet  x = b\r\n") == "spec a\nlet x = b\n"


def test_what_can_not_be_parsed_has_no_form() -> None:
    reporter = Reporter()
    assert format_source(Source("spec", "let x = (a"), reporter) is None
    assert [each.code.number for each in reporter.diagnostics] == ["S106"]
