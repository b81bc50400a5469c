"""The keys of a section are read one by one, so that a broken one leaves the others whole."""

from __future__ import annotations

from typing import Any

from sess.compiler.arguments import read_fields
from sess.compiler.defaults import complete
from sess.compiler.passes.resolve import Resolved
from sess.compiler.scope import Scope
from sess.compiler.sections import KEYS
from sess.compiler.signature import Missing, parameters
from sess.compiler.source import Span
from sess.compiler.tree import Call, Expression, SectionName


def read_section(section: SectionName, resolved: Resolved, scope: Scope) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the values of a section's keys, and which are broken (reported): those have their default."""
    entries = resolved.sections[section]
    values: dict[str, Any] = {}  # values of the fields of any section
    broken: set[str] = set()
    for each in parameters(KEYS[section]):
        given = {each.name: entries[each.name].value} if each.name in entries else {}
        found = read_fields(section.value, (each,), given, scope)
        if found is None:
            broken.add(each.name)
            default = None if each.default is Missing.REQUIRED else each.default
            found = {each.name: complete(default, each.hint, scope.registry)}
        values.update(found)
    return values, frozenset(broken)


def place_of(expression: Expression, name: str, position: int = 0) -> Span:
    """Return where an argument of a section's value stands; the whole value if it was left out."""
    if isinstance(expression, Call):
        for index, argument in enumerate(expression.arguments):
            if (argument.label is not None and argument.label.text == name) or (
                argument.label is None and index == position
            ):
                return argument.value.span
    return expression.span
