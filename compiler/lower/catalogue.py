"""The catalogue's columns that the model reads, and how each becomes codes, numbers or vectors of every item."""

from __future__ import annotations

from sess.compiler.block import Chosen, Representation
from sess.compiler.graph import CheckedGraph
from sess.compiler.lower.usage import Usage
from sess.compiler.lower.workflow import categorify, operation
from sess.compiler.plans import ColumnPlan, Role
from sess.compiler.registry import Registry
from sess.compiler.types import Level


def catalogue_columns(checked: CheckedGraph, usage: Usage, registry: Registry) -> tuple[ColumnPlan, ...]:
    """Return the plans of the catalogue's columns that the model reads."""
    facts, found = checked.built.facts, []
    for name in usage.catalogue:
        column = facts.column(name, Level.CATALOGUE)
        representation = facts.representation(name, Level.CATALOGUE)
        domain = facts.domain(name, Level.CATALOGUE) if representation is Representation.EMBED else None
        ops: tuple[Chosen, ...] = ()
        if domain is not None:
            ops = (categorify(checked, domain, registry),)
        elif representation is not Representation.VECTORS:
            ops = (operation("fill", registry), operation("standardize", registry))
        plan = ColumnPlan(
            name, column.dtype.value, Role.SESSION, column.is_list, ops, domain, is_input=True, is_target=False,
            is_bag=facts.is_bag(name, Level.CATALOGUE) and domain is not None,
            width=column.length if representation is Representation.VECTORS else None,
        )  # fmt: skip
        found.append(plan)
    return tuple(found)
