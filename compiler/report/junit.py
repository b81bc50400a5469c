"""Findings as a JUnit report: a suite a file, a failure an error; warnings pass and are written out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from sess.compiler.diagnostics import Diagnostic, Severity
from sess.compiler.report.places import in_words, path_of

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(diagnostics: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """Return the suites of all checked files; one without findings has one case, which passes."""
    by_file: dict[str, list[Diagnostic]] = {name: [] for name in files}
    for each in diagnostics:
        by_file.setdefault(path_of(each.span.source), []).append(each)
    total = sum(max(1, len(found)) for found in by_file.values())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<testsuites name="sess" tests="{total}" failures="{_failures(diagnostics)}" errors="0">']  # fmt: skip
    for name, found in by_file.items():
        counts = f'tests="{max(1, len(found))}" failures="{_failures(found)}" errors="0"'
        lines.append(f"  <testsuite name={_attribute(name)} {counts}>")
        lines += [line for each in found for line in _case(name, each)]
        if not found:
            lines.append(f'    <testcase name="no findings" classname={_attribute(name)}/>')
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _failures(found: Sequence[Diagnostic]) -> int:
    return sum(1 for each in found if each.code.severity is Severity.ERROR)


def _case(name: str, found: Diagnostic) -> list[str]:
    at = found.span.first
    title = _attribute(f"{found.code.number} {found.code.name} at {at.line}:{at.column}")
    text = escape(_clean(f"{name}:{at.line}:{at.column}: {in_words(found)}"))
    if found.code.severity is Severity.ERROR:
        head = f"<failure type={_attribute(found.code.number)} message={_attribute(found.message)}>"
        body = f"{head}{text}</failure>"
    else:
        body = f"<system-out>{text}</system-out>"
    return [f"    <testcase name={title} classname={_attribute(name)}>", f"      {body}", "    </testcase>"]


def _attribute(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _clean(text: str) -> str:
    """Return the text without what XML 1.0 can't say in any way."""
    return _NO_XML.sub("\ufffd", text)
