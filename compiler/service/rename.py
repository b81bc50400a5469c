"""Rename: a definition and all its uses, in the spec and the files that it imports."""

from __future__ import annotations

import re

from sess.compiler.diagnostics import Edit
from sess.compiler.parse import RESERVED
from sess.compiler.service.analysis import Analysis
from sess.compiler.service.places import Place, Role
from sess.compiler.service.references import same, word
from sess.compiler.source import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Unnameable(Exception):
    """A word can't get the name; the message says why."""


def renamed_word(analysis: Analysis, offset: int) -> Span:
    """Return the word that a rename at an offset would change; Unnameable if it is no definition's."""
    return word(_definition(analysis, offset))


def rename(analysis: Analysis, offset: int, name: str) -> tuple[Edit, ...]:
    """Return the edits that give a definition another name; Unnameable if it can't have it."""
    place = _definition(analysis, offset)
    if not _NAME.fullmatch(name):
        raise Unnameable(f"`{name}` is no name: letters, digits and `_`, a digit not first")
    if name in RESERVED:
        raise Unnameable(f"`{name}` is a word of the language")
    if name != place.text and name in analysis.definitions:
        raise Unnameable(f"there is a `{name}` already")
    return tuple(Edit(word(each), name) for each in same(place, analysis))


def _definition(analysis: Analysis, offset: int) -> Place:
    place = analysis.place_at(offset)
    if place is not None and place.role in (Role.DEFINITION, Role.USE):
        return place
    if place is not None and place.role in (Role.COLUMN, Role.DOMAIN):
        raise Unnameable(f"`{place.text}` gets its name from the schema")
    raise Unnameable("only what the spec defines can be renamed")
