"""Signature help: the call that the cursor stands in, with the argument that is being typed."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.registry import Registry
from sess.compiler.service.cursor import cursor_at
from sess.compiler.service.describe import of_entry, of_parameter
from sess.compiler.service.wanted import wanted
from sess.compiler.signature import Missing, parameters, ports, value_text


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a signature, as it is written and what it takes."""

    text: str
    about: str


@dataclass(frozen=True, slots=True)
class Call:
    """A signature; `active` is the place of the argument being typed, None if it is of another call or none."""

    text: str
    about: str
    arguments: tuple[Argument, ...]
    active: int | None


def signature_help(registry: Registry, text: str, offset: int) -> Call | None:
    """Return the innermost call around an offset; None outside of all."""
    want = wanted(cursor_at(text, offset), registry)
    entry = want.entry
    if entry is None or want.frame is None:
        return None
    slots = [Argument(slot.name, "what flows in") for slot in ports(entry)]
    if want.frame.is_piped and slots and not any(slot.is_variadic for slot in ports(entry)):
        slots = slots[1:]
    given = [
        Argument(
            each.name if each.default is Missing.REQUIRED else f"{each.name}={value_text(each.default)}",
            of_parameter(each, ""),
        )
        for each in parameters(entry.Params)
    ]
    names = [each.name for each in parameters(entry.Params)]
    active = len(slots) + names.index(want.parameter.name) if want.parameter and want.parameter.name in names else None
    if active is None and want.is_port and slots:
        active = min(want.frame.index, len(slots) - 1)
    arguments = (*slots, *given)
    return Call(f"{entry.name}({', '.join(each.text for each in arguments)})", of_entry(entry), arguments, active)
