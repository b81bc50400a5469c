"""Findings as GitLab's code quality report, which merge requests show beside the changed lines."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sess.compiler.block import JsonValue
from sess.compiler.diagnostics import Diagnostic, Severity
from sess.compiler.report.places import fingerprints, in_words, path_of

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def render(diagnostics: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """Return a list of issues; GitLab drops those that share a fingerprint, so each has its own."""
    issues = [_issue(found, print) for found, print in fingerprints(diagnostics)]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(found: Diagnostic, fingerprint: str) -> JsonValue:
    first, last = found.span.first, found.span.last
    return {
        "description": f"{found.code.number}: {in_words(found)}",
        "check_name": found.code.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[found.code.severity],
        "location": {
            "path": path_of(found.span.source),
            "positions": {
                "begin": {"line": first.line, "column": first.column},
                "end": {"line": last.line, "column": last.column},
            },
        },
    }
