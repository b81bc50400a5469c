"""Comments that hide warnings: on the line or the one above, several codes, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.fixes import mended

HEAD = 'spec t\nschema "shop.pbtxt"\n'
REST = """\
head click = features(item_id) >> gru(units=64) >> categorical(item_id)
train { objective = next }
"""


def findings(text: str, root: Path) -> list[tuple[int, str]]:
    """Return line and code of every finding of a spec beside the shop's schema."""
    found = check_spec(root / "specs" / "t.sess", CheckOptions(text=text)).diagnostics
    return [(each.span.first.line, each.code.number) for each in found]


@pytest.mark.parametrize(
    "line",
    [
        "columns a = tag(SEQUENCE)  # sess: ignore[S901] for later",
        "# sess: ignore[S901]\ncolumns a = tag(SEQUENCE)",
        "# sess: ignore[unused-definition] for later\n# and why\n\ncolumns a = tag(SEQUENCE)",
        "columns a = tag(SEQUENCE) #sess:ignore[ s901 ]",
    ],
)
def test_a_warning_is_hidden_on_the_line_or_below_a_comment_alone(line: str, root: Path) -> None:
    assert findings(f"{HEAD}{line}\n{REST}", root) == []


def test_a_comment_behind_a_line_says_nothing_of_the_next(root: Path) -> None:
    head, train = REST.splitlines()
    text = f"{HEAD}# x\n{head}  # sess: ignore[S901]\ncolumns a = tag(SEQUENCE)\n{train}\n"
    assert findings(text, root) == [(4, "S991"), (5, "S901")]


def test_a_mark_inside_a_string_is_no_comment(root: Path) -> None:
    text = f'spec t "# sess: ignore[S901]"\nschema "shop.pbtxt"\ncolumns a = tag(SEQUENCE)\n{REST}'
    assert findings(text, root) == [(3, "S901")]


@pytest.mark.parametrize("words", ["", "[]", "[S999]", "[S301]", "[nothing]"])
def test_a_comment_that_can_hide_nothing_is_said_to(words: str, root: Path) -> None:
    assert findings(f"{HEAD}columns a = tag(SEQUENCE)  # sess: ignore{words}\n{REST}", root) == [
        (3, "S901"),
        (3, "S992"),
    ]


def test_an_error_stays_and_unused_comments_wait_until_it_is_mended(root: Path) -> None:
    text = f"{HEAD}let a = nothing  # sess: ignore[S201, S901]\n{REST}"
    assert findings(text, root) == [(3, "S201"), (3, "S992")]


def test_an_unused_comment_is_taken_away_by_its_fix(root: Path) -> None:
    text = f"{HEAD}{REST.rstrip()}  # sess: ignore[S901] no longer\n"
    checked = check_spec(root / "specs" / "t.sess", CheckOptions(text=text))
    assert [each.code.number for each in checked.diagnostics] == ["S991"]
    assert mended(checked.source, checked.diagnostics) == HEAD + REST


def test_what_is_hidden_is_kept_apart(root: Path) -> None:
    text = f"{HEAD}columns a = tag(SEQUENCE)  # sess: ignore[S901]\n{REST}"
    checked = check_spec(root / "specs" / "t.sess", CheckOptions(text=text))
    assert [each.code.number for each in checked.hidden] == ["S901"]
    assert checked.diagnostics == ()
