"""Values as a spec would write them, by the hints of their parameters; what is spelled can be read back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, get_args

from sess.compiler.block import Chosen, HeadName, Kind, MetricWord, Microseconds, SliceName
from sess.compiler.parse import RESERVED
from sess.compiler.registry import Registry
from sess.compiler.signature import Hint, Missing, is_path, kind_of, members, origin, parameters

_NAMES = (MetricWord, SliceName, HeadName)
_UNITS = (("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000),
          ("ms", 1_000), ("us", 1))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speller:
    """Writes values; `defined` are the names that a bare word would mean instead of a column."""

    registry: Registry
    defined: frozenset[str]

    def call(self, chosen: Chosen, kind: Kind | None) -> str:
        """Return an entry with all of its arguments: `adam(lr=0.001)`; what is none is left out."""
        entry = self.registry.find(chosen.name, kind) if kind is not None else None
        if entry is None:
            return chosen.name
        known = parameters(entry.Params)
        words = []
        for each in known:
            given = chosen.params.get(each.name)
            if each.name in chosen.params and not (given is None and each.default is None):
                text = self.value(given, each.hint)
                is_alone = len(known) == 1 and each.default is Missing.REQUIRED
                words.append(text if is_alone else f"{each.name}={text}")
        return f"{chosen.name}({', '.join(words)})" if words else chosen.name

    def value(self, given: Any, hint: Hint) -> str:  # any value that a parameter may have
        """Return a value as its parameter would read it."""
        match given:
            case None:
                return "none"
            case bool():
                return str(given).lower()
            case Chosen():
                return self.call(given, _kind(hint))
            case Mapping() if "names" in given:
                return " + ".join(self.column(name) for name in given["names"])
            case Mapping() if "name" in given:
                return self.call(Chosen(given["name"], given.get("params", {})), _kind(hint))
            case Mapping() if "text" in given:  # a pipe, as it was written
                return str(given["text"])
            case int() if Microseconds in _plain(hint):
                return duration(given)
            case int() | float():
                return repr(given)
            case Enum():
                return str(given.value)
            case str():
                is_text = (str in _plain(hint) or is_path(hint)) and not any(name in _plain(hint) for name in _NAMES)
                return json.dumps(given, ensure_ascii=False) if is_text else given
            case Sequence():
                inner = next((get_args(each) for each in _plain(hint) if origin(each) is tuple), (Any,))
                return "[" + ", ".join(self.value(each, inner[0]) for each in given) + "]"
            case _:
                return str(given)

    def column(self, name: str) -> str:
        """Return a column's name, by `column("…")` where the bare word wouldn't mean it."""
        is_bare = re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name not in (*self.defined, *RESERVED)
        return name if is_bare else f"column({json.dumps(name, ensure_ascii=False)})"


def duration(microseconds: int) -> str:
    """Return `30m` for a number of microseconds."""
    unit, size = next((unit, size) for unit, size in _UNITS if microseconds % size == 0)
    return f"{microseconds // size}{unit}"


def _plain(hint: Hint) -> tuple[Hint, ...]:
    """Return the alternatives of a hint without their annotations."""
    found = []
    for member in members(hint):
        found += [get_args(member)[0]] if origin(member) is Annotated else [member]
    return tuple(found)


def _kind(hint: Hint) -> Kind | None:
    return next((found for member in members(hint) if (found := kind_of(member)) is not None), None)
