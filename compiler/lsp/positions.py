"""Offsets in code points to the protocol's lines and characters, in the units that the client counts by, and back."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris

from sess.compiler.source import Source, Span

UTF8, UTF16, UTF32 = (kind.value for kind in (
    types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf16, types.PositionEncodingKind.Utf32,
))  # fmt: skip


def position(source: Source, offset: int, encoding: str) -> types.Position:
    """Return the place of an offset."""
    at = source.position(min(offset, len(source.text)))
    before = source.text[source.line_starts[at.line - 1] : offset]
    return types.Position(at.line - 1, _units(before, encoding))


def offset(source: Source, at: types.Position, encoding: str) -> int:
    """Return the offset of a place; what lies behind a line or the text is its end."""
    if at.line >= len(source.line_starts):
        return len(source.text)
    start, line = source.line_starts[at.line], source.line(at.line + 1)
    if encoding == UTF32 or line.isascii():
        return start + min(at.character, len(line))
    units = 0
    for i, letter in enumerate(line):
        if units >= at.character:
            return start + i
        units += _units(letter, encoding)
    return start + len(line)


def range_of(span: Span, encoding: str) -> types.Range:
    """Return a span as the protocol writes it."""
    return types.Range(position(span.source, span.start, encoding), position(span.source, span.end, encoding))


def path_of(uri: str) -> Path:
    """Return the file of a document; one that was never saved lies in the working directory."""
    found = uris.to_fs_path(uri) if uri.startswith("file:") else None
    name = uri.rpartition("/")[2].rpartition(":")[2].replace("\0", "")
    return Path(found) if found and "\0" not in found else Path.cwd() / (name or "untitled.sess")


def uri_of(path: str) -> str:
    """Return the document of a file."""
    return uris.from_fs_path(str(Path(path).absolute())) or path


def _units(text: str, encoding: str) -> int:
    if encoding == UTF32 or text.isascii():
        return len(text)
    return len(text.encode("utf-8")) if encoding == UTF8 else len(text.encode("utf-16-le")) // 2
