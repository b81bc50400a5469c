"""Findings as reviewdog's diagnostic format: columns in bytes of UTF-8, fixes as suggestions."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sess.compiler.block import JsonValue
from sess.compiler.diagnostics import Diagnostic, Fix
from sess.compiler.report.places import byte_column, in_words, merged, own_fixes, path_of
from sess.compiler.source import Source, Span


def render(diagnostics: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """Return a diagnostic result."""
    value = {"source": {"name": "sess"}, "diagnostics": [_diagnostic(each) for each in diagnostics]}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _diagnostic(found: Diagnostic) -> JsonValue:
    value: dict[str, JsonValue] = {
        "message": in_words(found),
        "location": _location(found.span),
        "severity": found.code.severity.value.upper(),
        "code": {"value": found.code.number},
    }
    if found.labels:
        value["related_locations"] = [
            {"message": label.text, "location": _location(label.span)} for label in found.labels
        ]
    suggestions: list[JsonValue] = [_suggestion(fix) for fix in own_fixes(found)]
    if suggestions:
        value["suggestions"] = suggestions
    return value


def _location(span: Span) -> JsonValue:
    return {"path": path_of(span.source), "range": _range(span)}


def _suggestion(fix: Fix) -> JsonValue:
    span, text = merged(fix)
    return {"range": _range(span), "text": text}


def _range(span: Span) -> JsonValue:
    return {"start": _position(span.source, span.start), "end": _position(span.source, span.end)}


def _position(source: Source, offset: int) -> JsonValue:
    return {"line": source.position(offset).line, "column": byte_column(source, offset)}
