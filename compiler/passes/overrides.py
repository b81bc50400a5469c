"""The `prepare` section: operations that override the derived preparation of a column or domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.arguments import choose
from sess.compiler.block import Chosen, Kind
from sess.compiler.passes.builder import Builder
from sess.compiler.passes.operations import suits
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Span
from sess.compiler.tree import Broken, Call, Entry, Expression, Name, Pipeline, SectionName

_TWO_COLUMNS = ("difference", "ratio")


@dataclass(frozen=True, slots=True)
class Override:
    """What a column's preparation is instead."""

    operations: tuple[Chosen, ...]
    span: Span


Overrides = Mapping[str, Override]


def read_overrides(scope: Builder) -> Overrides:
    """Return the overrides by column; a domain's override is given to each of its columns."""
    found: dict[str, Override] = {}
    for key, entry in scope.facts.resolved.sections[SectionName.PREPARE].items():
        columns = _columns(key, entry, scope)
        stages = entry.value.stages if isinstance(entry.value, Pipeline) else (entry.value,)
        if _is_derived(stages[0], scope):
            message = f"`{key}` would be a column computed from others, which can't be compiled yet"
            scope.reporter.error(codes.WRONG_OPERATION, message, entry.span, help="write the column into the data")
            continue
        if columns is None or any(isinstance(stage, Broken) for stage in stages):
            continue
        operations = [choose(stage, Kind.PREPARE, f"`{key}`", scope) for stage in stages if _is_word(stage, key, scope)]
        chosen = tuple(each for each in operations if each is not None)
        if len(chosen) == len(stages) and all(suits(column, chosen, entry, scope) for column in columns):
            found.update({column: Override(chosen, entry.value.span) for column in columns})
    return found


def _columns(key: str, entry: Entry, scope: Builder) -> tuple[str, ...] | None:
    facts = scope.facts
    if facts.schema.find(key) is not None:
        return (key,)
    if key in facts.domains.columns:
        return facts.domains.columns[key]
    if key in facts.resolved.definitions or key in facts.resolved.broken:
        return None  # a domain that is broken itself
    stages = entry.value.stages if isinstance(entry.value, Pipeline) else (entry.value,)
    if not _is_derived(stages[0], scope):
        known = [*facts.schema.names, *facts.domains.columns]
        helps = did_you_mean(key, known) or f"the schema has {listing(facts.schema.names)}"
        scope.reporter.error(codes.UNKNOWN_COLUMN, f"there is no column or domain `{key}`", entry.key.span, help=helps)
    return None


def _is_derived(first: Expression, scope: Builder) -> bool:
    """Whether a value starts at a column, and so defines a new one."""
    if isinstance(first, Call) and first.name.text in _TWO_COLUMNS:
        return True
    return scope.facts.selector.is_columns(first)


def _is_word(stage: Expression, key: str, scope: Builder) -> bool:
    if isinstance(stage, (Name, Call)):
        return True
    message = f"`{stage.span.text}` is no operation on `{key}`"
    scope.reporter.error(codes.WRONG_OPERATION, message, stage.span)
    return False
