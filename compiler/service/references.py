"""Find references: every place of the spec and its imports that means the same thing."""

from __future__ import annotations

from collections.abc import Iterator

from sess.compiler.service.analysis import Analysis
from sess.compiler.service.places import Place, Role
from sess.compiler.source import Span

_SAME: dict[Role, tuple[Role, ...]] = {
    Role.DEFINITION: (Role.DEFINITION, Role.USE),
    Role.USE: (Role.DEFINITION, Role.USE),
    Role.COLUMN: (Role.COLUMN,),
    Role.DOMAIN: (Role.DOMAIN,),
    Role.BLOCK: (Role.BLOCK,),
    Role.METRIC: (Role.METRIC,),
    Role.TAG: (Role.TAG,),
}


def references(analysis: Analysis, offset: int, *, has_declaration: bool = True) -> tuple[Span, ...]:
    """Return the places that mean what the word at an offset means, in the order of the files."""
    place = analysis.place_at(offset)
    if place is None:
        return ()
    return tuple(word(each) for each in same(place, analysis) if has_declaration or each.role is not Role.DEFINITION)


def same(place: Place, analysis: Analysis) -> Iterator[Place]:
    """Yield the places that mean what a place means."""
    roles = _SAME.get(place.role, ())
    for each in analysis.all_places:
        is_kind = place.role is not Role.BLOCK or (each.entry is not None and each.entry is place.entry)
        if each.role in roles and each.text == place.text and is_kind:
            yield each


def word(place: Place) -> Span:
    """Return the word of a place without its quotes: `price` of `column("price")`, and `""` as it stands."""
    span = place.span
    if place.text and span.text.startswith('"') and span.text[1:-1] == place.text:
        return Span(span.source, span.start + 1, span.end - 1)
    return span
