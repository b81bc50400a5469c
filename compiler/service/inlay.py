"""Inlay hints: the type of every definition, to be shown behind its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sess.compiler.service.analysis import Analysis
from sess.compiler.source import Span
from sess.compiler.tree import Definition


@dataclass(frozen=True, slots=True)
class Inlay:
    """A type, and the name that has it."""

    name: Span
    text: str


def inlays(analysis: Analysis) -> Iterator[Inlay]:
    """Yield the types of tables, lets, encoders and heads, and how many columns a selection has."""
    for statement in analysis.checked.spec.statements:
        if isinstance(statement, Definition):
            found = analysis.type_of(statement.name.text)
            names = analysis.columns(statement.value)
            if found is not None:
                yield Inlay(statement.name.span, str(found))
            elif names is not None and len(names) > 1:
                yield Inlay(statement.name.span, f"{len(names)} columns")
