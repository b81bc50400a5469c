"""Findings as one line each: `file:line:column: error[S301] message`."""

from __future__ import annotations

from collections.abc import Sequence

from sess.compiler.diagnostics import Diagnostic


def render(diagnostics: Sequence[Diagnostic], files: Sequence[str] = ()) -> str:
    """Return one line a finding."""
    return "".join(f"{_line(each)}\n" for each in diagnostics)


def _line(found: Diagnostic) -> str:
    at = found.span.first
    code = f"{found.code.severity.value}[{found.code.number}]"
    return f"{found.span.source.name}:{at.line}:{at.column}: {code} {found.message}"
