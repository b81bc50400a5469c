"""Small specs with mistakes, by chapter: each gets its codes on its lines and no others, and its fixes mend.

A file holds many specs, each under its name: `=== name`. A line that a finding begins on ends in `#! <code>`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sess.compiler.diagnostics import Diagnostic, Severity
from sess.compiler.driver import Checked, CheckOptions, check_spec
from sess.compiler.fixes import mended

HERE = Path(__file__).parent
MARK = re.compile(r"\s*#! (.+)$", re.MULTILINE)
SPECS = {
    f"{file.stem}/{name}": text
    for file in sorted((HERE / "mistakes").glob("*.txt"))
    for name, _, text in (block.partition("\n") for block in file.read_text(encoding="utf-8").split("=== ")[1:])
}


@pytest.mark.parametrize("name", SPECS)
def test_a_mistake_gets_its_codes_on_its_lines_and_no_others(name: str) -> None:
    marks = ((number, MARK.search(line)) for number, line in enumerate(SPECS[name].splitlines(), 1))
    expected = sorted((number, code) for number, mark in marks if mark for code in mark[1].split())
    checked = _check(MARK.sub("", SPECS[name]))
    assert sorted((each.span.first.line, each.code.number) for each in checked.diagnostics) == expected


@pytest.mark.parametrize("name", SPECS)
def test_fixes_mend_what_they_are_fixes_of_and_a_second_round_has_nothing_to_do(name: str) -> None:
    before = _check(MARK.sub("", SPECS[name]))
    fixed = {_said(each) for each in before.diagnostics if any(fix.is_safe for fix in each.fixes)}
    checked = before
    for _ in range(10):
        fresh = mended(checked.source, checked.diagnostics)
        if fresh == checked.source.text:
            break
        checked = _check(fresh)
    assert mended(checked.source, checked.diagnostics) == checked.source.text
    after = {_said(each) for each in checked.diagnostics}
    assert not after & fixed
    assert not any(code.startswith("S1") for code, _ in after - {_said(each) for each in before.diagnostics})
    if len(fixed) == len(before.diagnostics):
        rest = [each for each in checked.diagnostics if each.code.severity is Severity.ERROR]
        assert not rest or len(rest) < len(before.diagnostics)


def test_there_are_many_mistakes() -> None:
    assert len(SPECS) >= 250


def _check(text: str) -> Checked:
    return check_spec(HERE / "schemas" / "spec.sess", CheckOptions(text=text))


def _said(found: Diagnostic) -> tuple[str, str]:
    return found.code.number, found.message
