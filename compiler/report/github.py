"""Findings as workflow commands, which GitHub Actions shows as annotations."""

from __future__ import annotations

from collections.abc import Sequence

from sess.compiler.diagnostics import Diagnostic
from sess.compiler.report.places import in_words, path_of


def render(diagnostics: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """Return one command a line."""
    return "".join(f"{_command(each)}\n" for each in diagnostics)


def _command(found: Diagnostic) -> str:
    first, last = found.span.first, found.span.last
    places = {"file": path_of(found.span.source), "line": str(first.line), "endLine": str(last.line)}
    if first.line == last.line:  # GitHub refuses columns of what spans several lines
        places |= {"col": str(first.column), "endColumn": str(last.column)}
    places["title"] = f"{found.code.number} {found.code.name}"
    properties = ",".join(f"{key}={_property(value)}" for key, value in places.items())
    return f"::{found.code.severity.value} {properties}::{_data(in_words(found))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
