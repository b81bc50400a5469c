"""Where findings are, as other programs want it said: URIs, byte columns, fingerprints, fixes as one replacement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import PurePath
from urllib.parse import quote

from sess.compiler.diagnostics import Diagnostic, Fix
from sess.compiler.source import Source, Span


def path_of(source: Source) -> str:
    """Return a file's name with slashes, without `./` in front."""
    return PurePath(source.name).as_posix()


def uri_of(source: Source) -> str:
    """Return a file's name as a relative URI; an absolute path becomes a `file:` one."""
    path = path_of(source)
    return f"file://{quote(path)}" if path.startswith("/") else quote(path, safe="/-._~")


def bytes_before(source: Source, offset: int) -> int:
    """Return how many bytes of the file stand before an offset of the text."""
    return 3 * source.has_mark + len(source.text[:offset].encode("utf-8", "surrogatepass"))


def byte_column(source: Source, offset: int) -> int:
    """Return the column of an offset in bytes of UTF-8, from 1."""
    start = source.line_starts[source.position(offset).line - 1]
    return len(source.text[start:offset].encode("utf-8", "surrogatepass")) + 1


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Yield each finding with a text that is its own, and that stays when lines above it come or go."""
    seen: dict[str, int] = {}
    for found in diagnostics:
        said = "\0".join((path_of(found.span.source), found.code.number, found.message, found.span.text))
        count = seen[said] = seen.get(said, 0) + 1
        yield found, sha256(f"{said}\0{count}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def merged(fix: Fix) -> tuple[Span, str]:
    """Return the edits of a fix in one file as one replacement of the text from the first to the last."""
    edits = sorted(fix.edits, key=lambda edit: (edit.span.start, edit.span.end))
    source, at, text = edits[0].span.source, edits[0].span.start, ""
    for edit in edits:
        text += source.text[at : edit.span.start] + edit.replacement
        at = edit.span.end
    return Span(source, edits[0].span.start, at), text


def own_fixes(found: Diagnostic) -> tuple[Fix, ...]:
    """Return the fixes that change only the file in which the finding stands."""
    return tuple(fix for fix in found.fixes if all(edit.span.source == found.span.source for edit in fix.edits))


def in_words(found: Diagnostic) -> str:
    """Return what a finding says without an excerpt: message, label, help and the titles of its fixes, a line each."""
    titles = tuple(fix.title for fix in found.fixes if fix.title not in found.help)
    helps = [f"help: {text}" for text in (*found.help, *titles)]
    return "\n".join([found.message, *([found.label] if found.label else []), *helps])
