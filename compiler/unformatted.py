"""The finding that a text is not in its one form, with the edit that would bring it there."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.diagnostics import Diagnostic, Edit, Fix
from sess.compiler.source import Source, Span


def unformatted(source: Source, fresh: str) -> Diagnostic:
    """Return the finding that a text is not in its one form, at the first line that differs."""
    before, after = source.text.splitlines(keepends=True), fresh.splitlines(keepends=True)
    most = min(len(before), len(after))
    first = next((i for i in range(most) if before[i] != after[i]), most)
    last = next((i for i in range(most - first) if before[-1 - i] != after[-1 - i]), most - first)
    start = sum(map(len, before[:first]))
    end = start + sum(map(len, before[first : len(before) - last]))
    edit = Edit(Span(source, start, end), "".join(after[first : len(after) - last]))
    shown = Span(source, start, start + len(before[first].rstrip("\r\n")) if first < len(before) else start)
    fixes = (Fix("run `sess fmt`", (edit,)),)
    return Diagnostic(codes.UNFORMATTED, "the spec is not formatted", shown, "the first line that differs", fixes=fixes)
