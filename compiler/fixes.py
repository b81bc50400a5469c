"""Apply the fixes of findings to a text: the safe ones, none of which touch each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sess.compiler.diagnostics import Diagnostic, Edit
from sess.compiler.source import Source


def mended(source: Source, diagnostics: Iterable[Diagnostic]) -> str:
    """Return the text after the first safe fix of every finding; of fixes that overlap the first one wins."""
    taken: list[Edit] = []
    for found in diagnostics:
        fix = next((fix for fix in found.fixes if fix.is_safe), None)
        if fix is None or any(edit.span.source != source for edit in fix.edits):
            continue
        if not any(_touch(edit, other) for edit in fix.edits for other in taken):
            taken += fix.edits
    text = source.text
    for edit in sorted(taken, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


def difference(source: Source, fresh: str) -> str:
    """Return a unified diff from the source to another text."""
    lines = difflib.unified_diff(
        source.text.splitlines(keepends=True), fresh.splitlines(keepends=True), source.name, source.name
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _touch(one: Edit, other: Edit) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end
