"""Every folder beside this file is a spec that is wrong, and what must be said of it: that and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sess.compiler.diagnostics import Diagnostic
from sess.compiler.source import Span

Run = Callable[[Path, Sequence[str]], tuple[Diagnostic, ...]]

HERE = Path(__file__).parent
CASES = sorted(folder.parent.name for folder in HERE.glob("*/spec.sess"))


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_spec_gets_its_findings_and_no_others(case: str, findings: Run) -> None:
    found = show(findings(HERE / case / "spec.sess", _command(case)))
    expected = HERE / case / "expected.txt"
    if os.environ.get("SESS_UPDATE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", [name for name in CASES if name[1:4].isdigit()])
def test_the_code_of_the_folder_is_found(case: str, findings: Run) -> None:
    codes = {each.code.number for each in findings(HERE / case / "spec.sess", _command(case))}
    assert codes == {case.partition("_")[0].upper()}


def _command(case: str) -> list[str]:
    """Return the command of a case: the words of its `command.txt`, or a plain check."""
    path = HERE / case / "command.txt"
    return (path.read_text(encoding="utf-8") if path.exists() else "sess check spec.sess").split()


def show(diagnostics: tuple[Diagnostic, ...]) -> str:
    """Return findings as plain lines: place, code, message, labels, help and fixes."""
    return "".join(f"{line}\n" for each in diagnostics for line in _lines(each))


def _lines(found: Diagnostic) -> Iterator[str]:
    yield f"{_place(found.span)} {found.code.severity}[{found.code.number}]: {found.message}"
    yield f"    `{_first_line(found.span)}` {found.label}".rstrip()
    for label in found.labels:
        yield f"    {_place(label.span)} `{_first_line(label.span)}` {label.text}"
    for help in found.help:
        yield f"    help: {help}"
    for fix in found.fixes:
        edits = ", ".join(f"{_place(edit.span)} `{edit.span.text}` → `{edit.replacement}`" for edit in fix.edits)
        yield f"    fix: {fix.title}: {edits}"


def _place(span: Span) -> str:
    return f"{Path(span.source.name).name}:{span.first.line}:{span.first.column}"


def _first_line(span: Span) -> str:
    return span.text.partition("\n")[0]
