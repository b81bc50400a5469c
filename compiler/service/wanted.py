"""What is wanted where the cursor stands: the parameter that a value would fill, by the calls around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sess.compiler.block import EXPRESSION_KINDS, Entry, Kind
from sess.compiler.registry import Registry
from sess.compiler.sections import KEYS
from sess.compiler.selectors import SELECTORS
from sess.compiler.service.cursor import Cursor, Frame
from sess.compiler.service.places import choice_of, item_of
from sess.compiler.signature import Hint, Parameter, parameters, ports
from sess.compiler.tree import SectionName


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a value would fill. `hint` is None for a port and for the value of a definition.

    `entry` is the innermost call's block, `frame` its bracket, both None outside of all calls; `selector` is the word
    of a selection that the cursor stands in, such as `tag`.
    """

    hint: Hint | None = None
    parameter: Parameter | None = None
    entry: Entry[Any] | None = None
    frame: Frame | None = None
    selector: str = ""
    is_port: bool = False


def wanted(cursor: Cursor, registry: Registry) -> Wanted:
    """Return what is wanted at a cursor that stands in a value."""
    found = Wanted()
    if cursor.section is not None and cursor.section is not SectionName.PREPARE:
        key = next((each for each in parameters(KEYS[cursor.section]) if each.name == cursor.key), None)
        found = Wanted(key.hint if key else None, key)
    for frame in cursor.frames:
        if frame.opener == "[":
            found = Wanted(item_of(found.hint), found.parameter, found.entry, found.frame)
        elif frame.word:
            found = _inside(frame, found, cursor, registry)
    return found


def _inside(frame: Frame, outer: Wanted, cursor: Cursor, registry: Registry) -> Wanted:
    kind = choice_of(outer.hint) or (Kind.PREPARE if cursor.section is SectionName.PREPARE else None)
    if kind is None and frame.word in SELECTORS:
        return Wanted(selector=frame.word, frame=frame)
    entry = registry.find(frame.word, *((kind,) if kind else EXPRESSION_KINDS))
    if entry is None:
        return Wanted(frame=frame)
    wanted_ones, slots = parameters(entry.Params), ports(entry)
    if frame.label is not None:
        named = next((each for each in wanted_ones if each.name == frame.label), None)
        return Wanted(named.hint if named else None, named, entry, frame, is_port=named is None)
    if any(slot.is_variadic for slot in slots):
        return Wanted(None, None, entry, frame, is_port=True)
    # `mlp([64])` alone is a pipe: a list or number can't flow, so the port is left open
    given = 1 if slots and (frame.is_piped or frame.starts_with in ("LSQB", "INT", "FLOAT", "STRING")) else 0
    place = frame.index + given - len(slots)
    filled = wanted_ones[place] if 0 <= place < len(wanted_ones) else None
    return Wanted(filled.hint if filled else None, filled, entry, frame, is_port=place < 0)
