"""The page of a word of the language: signature, type rule, arguments, source; all of it from the registry."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sess.compiler.block import Block, Entry, Kind
from sess.compiler.report.probe import TypeRule, rules_of
from sess.compiler.signature import describe, parameters, signature_text, value_text

_COSTLY = (Kind.DENSE, Kind.ENCODER)
_SOURCE = re.compile(r"\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)")


@dataclass(frozen=True, slots=True)
class ArgumentPage:
    """An argument: what it wants in words, and its default as it would be written; None if it must be given."""

    name: str
    wants: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """All there is to say of a word; `rules` are pairs of what flows in and what comes out."""

    name: str
    kind: str
    signature: str
    summary: str
    about: str
    rules: tuple[tuple[str, str], ...]
    returns: str
    arguments: tuple[ArgumentPage, ...]
    costs: tuple[str, ...]
    source: str | None
    file: str


def page_of(entry: Entry[Any]) -> Page:
    """Return a word's page."""
    module = sys.modules[type(entry).__module__]
    text = inspect.cleandoc(module.__doc__ or "")
    own = inspect.cleandoc(type(entry).__doc__ or "")
    is_alone = text.startswith(f"`{entry.name}`")
    rules = rules_of(entry) if isinstance(entry, Block) else ()
    first, _, rest = (text if is_alone else own).partition("\n")
    params = inspect.cleandoc(entry.Params.__doc__ or "").partition("\n\n")
    about = [part for part in (rest.strip(), own if is_alone else "", params[2].strip()) if part]
    found = _SOURCE.search(text if is_alone else own)
    return Page(
        name=entry.name,
        kind=entry.kind.value,
        signature=signature_text(entry),
        summary=first.removeprefix(f"`{entry.name}`: "),
        about="\n".join(about),
        rules=tuple((rule.given, rule.gives) for rule in rules),
        returns=_first_sentence(getattr(type(entry), "check", None)),
        arguments=tuple(
            ArgumentPage(each.name, describe(each.hint), None if each.is_required else value_text(each.default))
            for each in parameters(entry.Params)
        ),
        costs=_costs(rules) if entry.kind in _COSTLY else (),
        source=found.group(1) if found else None,
        file=_place(module.__file__),
    )  # fmt: skip


def _costs(rules: tuple[TypeRule, ...]) -> tuple[str, ...]:
    """Return what a Seq costs as a formula; nothing where the block doesn't say or has no defaults."""
    costs = [
        rule.cost for rule in rules if rule.cost is not None and rule.cost.is_exact and rule.given.startswith("Seq")
    ]
    return tuple(f"{cost.parameters} parameters, {cost.flops} FLOPs a session" for cost in costs[:1])


def _first_sentence(function: Any) -> str:  # a method, or None
    text = inspect.cleandoc(getattr(function, "__doc__", None) or "")
    return text.partition("\n\n")[0].replace("\n", " ").removeprefix("Return ") if text.startswith("Return") else ""


def _place(file: str | None) -> str:
    path = Path(file or "")
    return "/".join(path.parts[path.parts.index("compiler") :]) if "compiler" in path.parts else path.name
