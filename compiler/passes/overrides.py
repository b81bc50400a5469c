"""The `prepare` section: what the preparation of a column is instead of the derived one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.arguments import choose
from sess.compiler.block import Chosen, Kind
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.misspelt import respelling
from sess.compiler.passes.columns import ColumnScope
from sess.compiler.passes.derived import MAKES_CODES, MAKES_WHOLE, Derived, is_word, stages_of
from sess.compiler.passes.resolve import Resolved
from sess.compiler.schema import Dtype, Schema
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Span
from sess.compiler.tree import Broken, Entry, SectionName, Word


@dataclass(frozen=True, slots=True)
class Override:
    """What a column's preparation is instead."""

    operations: tuple[Chosen, ...]
    span: Span


Overrides = Mapping[str, Override]


def read_overrides(
    resolved: Resolved,
    derived: Mapping[str, Derived],
    new: Collection[str],
    domains: Mapping[str, tuple[str, ...]],
    scope: ColumnScope,
) -> Overrides:
    """Return the operations by column, those of derived columns too; a domain's are given to each of its columns."""
    found = {key: Override(each.operations, each.entry.value.span) for key, each in derived.items()}
    makers = {key: _Maker(each.entry.key, (key,), each.operations) for key, each in derived.items()}
    for key, entry in resolved.sections[SectionName.PREPARE].items():
        if key in new:
            continue  # it defines a column
        columns = _columns(key, entry, resolved, domains, scope)
        operations = read_operations(key, entry, scope)
        if columns is not None and operations is not None:
            found.update({column: Override(operations, entry.value.span) for column in columns})
            makers[key] = _Maker(entry.key, columns, operations)
    _check_agreed(list(makers.values()), domains, scope.reporter)
    return found


@dataclass(frozen=True, slots=True)
class _Maker:
    """One entry of the section: its key, the columns that it prepares, and how."""

    key: Word
    columns: tuple[str, ...]
    operations: tuple[Chosen, ...]

    @property
    def codes(self) -> tuple[Chosen, ...]:
        """The operations that make codes."""
        return tuple(each for each in self.operations if each.name in MAKES_CODES)


def _check_agreed(makers: list[_Maker], domains: Mapping[str, tuple[str, ...]], reporter: Reporter) -> None:
    """Report entries that make codes of one vocabulary in different ways."""
    reported: set[str] = set()
    for domain, columns in domains.items():
        of_it = [each for each in makers if each.codes and not {*each.columns}.isdisjoint(columns)]
        for other in of_it[1:]:
            first = of_it[0]
            if other.codes == first.codes or other.key.text in reported:
                continue
            reported.add(other.key.text)
            message = (
                f"`{first.key.text}` and `{other.key.text}` say how the values of `{domain}` become codes, and differ"
            )
            labels = [Label(first.key.span, "the first")]
            helps = f"one domain is one vocabulary: say it once, by `{domain} = …`"
            reporter.error(codes.DOMAIN_CONFLICT, message, other.key.span, labels=labels, help=helps)


def read_operations(key: str, entry: Entry, scope: ColumnScope) -> tuple[Chosen, ...] | None:
    """Return the operations of a pipe; None if one is wrong (reported)."""
    stages = stages_of(entry)
    if any(isinstance(stage, Broken) for stage in stages):
        return None
    found = [choose(stage, Kind.PREPARE, f"`{key}`", scope) for stage in stages if is_word(stage, key, scope)]
    chosen = tuple(each for each in found if each is not None)
    return chosen if len(chosen) == len(stages) else None


def made_dtypes(resolved: Resolved, derived: Mapping[str, Derived], schema: Schema) -> dict[str, Dtype]:
    """Return the columns whose categories aren't their own values but whole numbers made of them, by form alone."""
    words = {key: [each.name for each in column.operations] for key, column in derived.items()}
    for key, entry in resolved.sections[SectionName.PREPARE].items():
        if key not in words and schema.find(key) is not None:
            names = [getattr(stage, "name", stage) for stage in stages_of(entry)]
            words[key] = [str(getattr(name, "text", "")) for name in names]
    return {key: Dtype.INT64 for key, names in words.items() if any(name in MAKES_WHOLE for name in names)}


def _columns(
    key: str, entry: Entry, resolved: Resolved, domains: Mapping[str, tuple[str, ...]], scope: ColumnScope
) -> tuple[str, ...] | None:
    """Return the columns of a key; None if it is none, or a domain that is broken itself."""
    schema = scope.selector.schema
    if schema.find(key) is not None:
        return (key,)
    if key in domains:
        return domains[key]
    if key not in resolved.definitions and key not in resolved.broken:
        known = [*schema.names, *domains]
        at = entry.key.span
        helps = did_you_mean(key, known) or f"the schema has {listing(schema.names)}"
        fixes = respelling(key, at, known, (lambda near: f'"{near}"') if at.text.startswith('"') else str)
        scope.reporter.error(codes.UNKNOWN_COLUMN, f"there is no column or domain `{key}`", at, help=helps, fixes=fixes)
    return None
