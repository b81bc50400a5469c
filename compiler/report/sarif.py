"""Findings as SARIF 2.1.0, which GitHub's code scanning and editors read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version

from sess.compiler.block import JsonValue
from sess.compiler.diagnostics import Code, Diagnostic, Fix, Label
from sess.compiler.pages import shown
from sess.compiler.report.places import fingerprints, in_words, own_fixes, uri_of
from sess.compiler.source import Source, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_HIDDEN: dict[str, JsonValue] = {"suppressions": [{"kind": "inSource"}]}


def render(diagnostics: Sequence[Diagnostic], files: Sequence[str], hidden: Sequence[Diagnostic] = ()) -> str:
    """Return one run; its rules are the codes that were found, in results or in those that a comment hides."""
    rules = sorted({each.code for each in (*diagnostics, *hidden)}, key=lambda code: code.number)
    index = {code: place for place, code in enumerate(rules)}
    said: dict[str, JsonValue] = {"suppressions": []} if hidden else {}  # all results have it, or none
    driver: JsonValue = {"name": "sess", "version": version("sess"), "rules": [_rule(code) for code in rules]}
    run: JsonValue = {
        "tool": {"driver": driver},
        # Ours count code points; SARIF takes columns for UTF-16 units unless told.
        "columnKind": "unicodeCodePoints",
        "results": [
            *({**_result(found, index[found.code], print), **said} for found, print in fingerprints(diagnostics)),
            *({**_result(found, index[found.code], print), **_HIDDEN} for found, print in fingerprints(hidden)),
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: Code) -> JsonValue:
    return {
        "id": code.number,
        "name": code.name,
        "shortDescription": {"text": code.summary},
        "help": {"text": f"sess explain {code.number}", "markdown": shown(code)},
        "defaultConfiguration": {"level": code.severity.value},
    }


def _result(found: Diagnostic, rule: int, fingerprint: str) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {
        "ruleId": found.code.number,
        "ruleIndex": rule,
        "level": found.code.severity.value,
        "message": {"text": in_words(found)},
        "locations": [{"physicalLocation": _location(found.span)}],
        "partialFingerprints": {"sess/v1": fingerprint},
    }
    if found.labels:
        result["relatedLocations"] = [_related(label, id) for id, label in enumerate(found.labels)]
    fixes = own_fixes(found)
    if fixes:
        result["fixes"] = [_fix(fix, found.span.source) for fix in fixes]
    return result


def _related(label: Label, id: int) -> JsonValue:
    return {"id": id, "message": {"text": label.text}, "physicalLocation": _location(label.span)}


def _location(span: Span) -> JsonValue:
    return {"artifactLocation": {"uri": uri_of(span.source)}, "region": _region(span)}


def _region(span: Span) -> JsonValue:
    first, last = span.first, span.last
    return {
        "startLine": first.line, "startColumn": first.column, "endLine": last.line, "endColumn": last.column,
    }  # fmt: skip


def _fix(fix: Fix, source: Source) -> JsonValue:
    replacements: list[JsonValue] = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}} for edit in fix.edits
    ]
    change: JsonValue = {"artifactLocation": {"uri": uri_of(source)}, "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}
