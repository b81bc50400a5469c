"""Go to definition: of a name in its file, of a column in the schema, of a file that is named, of a block in Python."""

from __future__ import annotations

import inspect
from pathlib import Path

from sess.compiler.service.analysis import Analysis
from sess.compiler.service.places import Place, Role
from sess.compiler.source import Source, Span


def definition(analysis: Analysis, offset: int) -> Span | None:
    """Return where the word at an offset comes from; None if it comes from nowhere."""
    place = analysis.place_at(offset)
    if place is None:
        return None
    return _home(place, analysis)


def _home(place: Place, analysis: Analysis) -> Span | None:
    match place.role:
        case Role.DEFINITION | Role.USE:
            found = analysis.definitions.get(place.text)
            return found.name.span if found else place.span
        case Role.COLUMN:
            column = analysis.column(place.text)
            return column.span if column else None
        case Role.DOMAIN if analysis.facts is not None:
            first = analysis.column(analysis.facts.domains.columns[place.text][0])
            return first.span if first else None
        case Role.FILE:
            path = (Path(place.span.source.name).parent / place.text).resolve()
            return Span(Source(str(path), ""), 0, 0) if path.is_file() else None
        case Role.BLOCK | Role.METRIC | Role.ARGUMENT if place.entry is not None:
            return _code(type(place.entry))
    return None


def _code(cls: type[object]) -> Span | None:
    """Return where a class begins in its file."""
    try:
        lines, first = inspect.getsourcelines(cls)
        path = inspect.getsourcefile(cls)
    except OSError:  # a wheel without sources
        return None
    if path is None:
        return None
    source = Source(path, Path(path).read_text(encoding="utf-8"))
    start = source.line_starts[first - 1]
    return Span(source, start, start + len(lines[0].rstrip()))
