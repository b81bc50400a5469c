"""Findings as JSON for programs: lines and columns from 1, offsets in bytes from 0, ends exclusive."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sess.compiler.block import JsonValue
from sess.compiler.diagnostics import Diagnostic, Fix, Severity
from sess.compiler.report.places import bytes_before
from sess.compiler.source import Source, Span

FORMAT_VERSION = 1


def render(diagnostics: Sequence[Diagnostic], files: Sequence[str] = ()) -> str:
    """Return the JSON text."""
    errors = sum(1 for each in diagnostics if each.code.severity is Severity.ERROR)
    value: dict[str, JsonValue] = {
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": len(diagnostics) - errors,
        "diagnostics": [_finding(each) for each in diagnostics],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _finding(found: Diagnostic) -> JsonValue:
    return {
        "code": found.code.number,
        "name": found.code.name,
        "severity": found.code.severity.value,
        "message": found.message,
        "label": found.label,
        "file": found.span.source.name,
        "range": _range(found.span),
        "labels": [
            {"file": label.span.source.name, "range": _range(label.span), "message": label.text}
            for label in found.labels
        ],
        "help": list(found.help),
        "fixes": [_fix(fix) for fix in found.fixes],
    }


def _fix(fix: Fix) -> JsonValue:
    edits: list[JsonValue] = [
        {"file": edit.span.source.name, "range": _range(edit.span), "replacement": edit.replacement}
        for edit in fix.edits
    ]
    return {"title": fix.title, "applicability": "safe" if fix.is_safe else "unsafe", "edits": edits}


def _range(span: Span) -> JsonValue:
    return {"start": _position(span.source, span.start), "end": _position(span.source, span.end)}


def _position(source: Source, offset: int) -> JsonValue:
    at = source.position(offset)
    return {"line": at.line, "column": at.column, "offset": bytes_before(source, offset)}
