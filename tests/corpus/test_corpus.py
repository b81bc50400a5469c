"""Specs of every kind: what is right checks clean and lowers, what is wrong gets its codes on its lines, nothing else.

A line that a finding begins on ends in `#! <code>`; several codes stand side by side.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sess.compiler.cli.graph import ENDINGS, drawn
from sess.compiler.driver import check_spec
from sess.compiler.registry import registry
from sess.compiler.report.paint import Paint
from sess.compiler.report.program import as_json, render

HERE = Path(__file__).parent
RIGHT = sorted(path.stem for path in (HERE / "right").glob("*.sess"))
WRONG = sorted(path.stem for path in (HERE / "wrong").glob("*.sess"))


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_spec_checks_clean_and_lowers(name: str) -> None:
    checked = check_spec(HERE / "right" / f"{name}.sess")
    assert [f"{each.span.first.line}: {each.message}" for each in checked.diagnostics] == []
    assert checked.program is not None


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_spec_is_rendered_and_drawn_in_every_form(name: str) -> None:
    checked = check_spec(HERE / "right" / f"{name}.sess")
    assert checked.graph is not None and checked.program is not None
    shown = render(checked.graph, checked.program, registry(), Paint(is_on=False))
    assert set(as_json(checked.graph, checked.program, registry())) >= {"sections", "graph", "estimate"}
    heads = [head.name for head in checked.program.model.heads]
    pictures = {form: drawn(checked, form) for form in ENDINGS.values()}
    for form, text in {"rendered": shown, **pictures}.items():
        assert all(head in text for head in heads), form


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_spec_gets_its_codes_on_its_lines(name: str) -> None:
    path = HERE / "wrong" / f"{name}.sess"
    found = [(each.span.first.line, each.code.number) for each in check_spec(path).diagnostics]
    assert sorted(found) == _marked(path.read_text(encoding="utf-8"))


def _marked(text: str) -> list[tuple[int, str]]:
    marks = ((number, re.search(r"#! (.+)", line)) for number, line in enumerate(text.splitlines(), 1))
    return sorted((number, code) for number, mark in marks if mark for code in mark[1].split())
