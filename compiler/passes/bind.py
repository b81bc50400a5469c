"""Columns get their facts: whose they are (step or session), their group, their domain, and which ones are labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sess.compiler import codes
from sess.compiler.block import Chosen, Representation
from sess.compiler.block import Kind as EntryKind
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.passes.catalogue import catalogue_domains
from sess.compiler.passes.columns import ColumnScope
from sess.compiler.passes.context import Context
from sess.compiler.passes.derived import Derived, makes_codes, read_derived
from sess.compiler.passes.domains import Domains, find_domains, with_catalogue
from sess.compiler.passes.groups import Groups, find_groups
from sess.compiler.passes.keys import read_section
from sess.compiler.passes.overrides import Overrides, made_dtypes, read_overrides
from sess.compiler.passes.resolve import Resolved
from sess.compiler.passes.rows import find_rows
from sess.compiler.ragged import SUFFIXES
from sess.compiler.represent import represent
from sess.compiler.schema import Column, Dtype, Schema
from sess.compiler.sections import DataKeys
from sess.compiler.selectors import Selector, has_tag
from sess.compiler.tree import Call, Expression, Kind, Pipeline, SectionName
from sess.compiler.types import MAIN_GROUP, Level, Rows


@dataclass(frozen=True, slots=True)
class Facts:
    """What the schema and the data section say about every column of the events."""

    resolved: Resolved
    schema: Schema
    data: DataKeys
    rows: Rows
    session: str | None
    time: str | None
    levels: Mapping[str, Level]
    groups: Mapping[str, str]
    labels: frozenset[str]
    domains: Domains
    item: str | None
    group: str
    """The group whose steps are predicted."""
    selector: Selector
    derived: Mapping[str, Derived]
    overrides: Overrides
    made: Mapping[str, Dtype]

    def column(self, name: str, level: Level | None = None) -> Column:
        """Return a column that a selection gave: of the catalogue, of the events, or by default of where it is."""
        catalogue = self.selector.catalogue
        found = self.schema.find(name) if level is not Level.CATALOGUE else None
        if found is None and catalogue is not None:
            found = catalogue.find(name)
        assert found is not None, name
        return found

    def domain(self, name: str, level: Level) -> str | None:
        """Return the domain of a column; None if it can't be categories."""
        return (self.domains.catalogue if level is Level.CATALOGUE else self.domains.of).get(name)

    def is_time(self, name: str) -> bool:
        """Whether a column counts time: it is that of `events`, a datetime, or tagged `TIME`."""
        column = self.column(name)
        return name == self.time or column.dtype is Dtype.DATETIME or column.has("time")

    def representation(self, name: str, level: Level | None = None) -> Representation:
        """Return how `features` turns a column into numbers."""
        column = self.column(name, level)
        if level is Level.CATALOGUE:
            found = represent(column, is_key=False, is_time=False)
            return Representation.VECTORS if found is Representation.NUMERIC and column.is_list else found
        found = represent(column, is_key=name == self.session, is_time=name == self.time)
        if found is Representation.NUMERIC and self.is_bag(name):
            found = Representation.VECTORS
        override = self.overrides.get(name)
        if override is None or name == self.session or column.name not in self.schema.names:
            return found
        if makes_codes(override.operations):
            return Representation.EMBED
        is_number = found in (Representation.UNCLEAR, Representation.SKIP) and not column.has("text")
        return Representation.NUMERIC if is_number and _makes_numbers(override.operations) else found

    def is_bag(self, name: str, level: Level | None = None) -> bool:
        """Whether a column has a list that isn't the steps: a bag or a vector of a step, a session or an item."""
        if level is Level.CATALOGUE:
            return self.column(name, level).is_list
        column = self.schema.find(name)
        return column is not None and (column.is_nested if self.are_steps(name) else column.is_list)

    def length(self, name: str, level: Level | None = None) -> int | None:
        """Return how many numbers a vector of a step, a session or an item has; None if that varies or it has one."""
        column = self.column(name, level)
        return column.inner if level is not Level.CATALOGUE and self.are_steps(name) else column.length

    def are_steps(self, name: str) -> bool:
        """Whether a row's list of a column are its steps."""
        return self.rows is Rows.SESSIONS and self.levels.get(name) is Level.STEP

    def value_dtype(self, name: str) -> Dtype:
        """Return the dtype of the values that become codes: of the column, or of what is made of it."""
        return self.made.get(name, self.column(name).dtype)

    def roots(self, name: str) -> tuple[str, ...]:
        """Return the columns of the data from which a column comes: itself, or what it is computed from."""
        derived = self.derived.get(name)
        if derived is None:
            return (name,)
        return tuple(dict.fromkeys(root for source in derived.sources for root in self.roots(source)))


def bind(resolved: Resolved, ctx: Context) -> Facts:
    """Find the level, group and domain of every column."""
    _check_names(ctx)
    is_unread = resolved.catalogue is not None and ctx.catalogue is None
    raw = Selector(
        ctx.schema, ctx.catalogue, resolved.definitions, resolved.broken, {}, frozenset(), ctx.reporter, is_unread
    )
    entries = resolved.sections[SectionName.DATA]
    scope = ColumnScope(ctx.reporter, ctx.registry, resolved, raw)
    read, broken = read_section(SectionName.DATA, resolved, scope)
    data: DataKeys = DataKeys(**read)
    _check_data(data, entries, ctx)
    rows = find_rows(data, resolved, ctx, is_broken="rows" in broken)
    derived, schema, new = read_derived(resolved.sections[SectionName.PREPARE], rows.time, scope, ctx)
    ctx = replace(ctx, schema=schema)
    made = made_dtypes(resolved, derived, schema)
    domains = find_domains(resolved, made, ctx)
    selector = replace(raw, schema=schema, domains=domains.columns)
    overrides = read_overrides(resolved, derived, new, domains.columns, replace(scope, selector=selector))
    groups = _with_derived(find_groups(resolved, rows, selector, ctx), derived)
    levels = groups.levels
    labels = frozenset(_labels(resolved, levels, selector, derived, ctx))
    labelled = replace(selector, labels=labels)
    for definition in resolved.definitions.values():
        if definition.kind in (Kind.COLUMNS, Kind.SEQUENCE):
            labelled.pick(definition.value)  # an empty selection is an error, used or not
    item = _item(resolved, groups, domains, selector, ctx)
    domains = with_catalogue(domains, catalogue_domains(domains.of, item, ctx))
    return Facts(
        resolved, ctx.schema, data, rows.rows, rows.session, rows.time, levels, groups.of, labels, domains,
        item, _group(resolved, groups, selector, ctx), labelled, derived,
        overrides, made,
    )  # fmt: skip


def target_expression(value: Expression, ctx: Context) -> Expression | None:
    """Return what a head's expression gives as its target; None if it has no head at its end, or no target."""
    is_piped = isinstance(value, Pipeline)
    last = value.stages[-1] if isinstance(value, Pipeline) else value
    if not isinstance(last, Call) or ctx.registry.find(last.name.text, EntryKind.HEAD) is None:
        return None
    for argument in last.arguments:
        if argument.label is not None and argument.label.text == "target":
            return argument.value
    plain = [argument.value for argument in last.arguments if argument.label is None]
    place = 0 if is_piped else 1
    return plain[place] if len(plain) > place else None


def _check_names(ctx: Context) -> None:
    for column in ctx.schema.columns:
        if column.name.endswith(SUFFIXES):
            message = f"the column `{column.name}` ends like one half of a list in a request"
            ctx.reporter.error(codes.COLUMN_NAME, message, column.span, help="rename it")


def _check_data(data: DataKeys, entries: Mapping[str, Any], ctx: Context) -> None:
    if data.split is not None and (data.valid or data.test) and "split" in entries:
        other = entries["valid" if data.valid else "test"]
        ctx.reporter.error(
            codes.SPLIT_AND_FILES,
            f"`split` divides `train`, so `{other.key.text}` can't be given too",
            other.span,
            labels=[Label(entries["split"].span, "the split")],
        )
    for key in ("train", "valid", "test", "catalogue"):
        if key in entries and any(not path.strip() for path in _paths(getattr(data, key))):
            ctx.reporter.error(codes.WRONG_VALUE, f"`{key}` names no file: the path is empty", entries[key].value.span)


def _paths(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else value


def _makes_numbers(operations: Iterable[Chosen]) -> bool:
    return any(each.name != "take" for each in operations)


def _with_derived(groups: Groups, derived: Mapping[str, Derived]) -> Groups:
    """Return the level and the group of derived columns too: a step among what they are computed from wins."""
    levels, of = dict(groups.levels), dict(groups.of)
    for name, column in derived.items():
        if name not in of:
            is_step = any(levels[source] is Level.STEP for source in column.sources)
            levels[name] = Level.STEP if is_step else Level.SESSION
            group = next((of[source] for source in column.sources if source in of), None)
            of.update({} if group is None else {name: group})
    return Groups(levels, of)


def _labels(
    resolved: Resolved,
    levels: Mapping[str, Level],
    selector: Selector,
    derived: Mapping[str, Derived],
    ctx: Context,
) -> set[str]:
    labels = {column.name for column in ctx.schema.columns if column.has("target")}
    for target in _targets(resolved, selector, ctx):
        if levels.get(target) is Level.SESSION:
            labels.add(target)
    for name, column in derived.items():
        if labels & {*column.sources}:
            labels.add(name)
    return labels


def _targets(resolved: Resolved, selector: Selector, ctx: Context) -> list[str]:
    """Return the columns that heads predict, as far as they are clear; `build` reports what is wrong with them."""
    quiet = replace(selector, reporter=Reporter())
    found: list[str] = []
    for definition in resolved.definitions.values():
        expression = target_expression(definition.value, ctx) if definition.kind is Kind.HEAD else None
        picked = quiet.pick(expression) if expression is not None else None
        if picked is not None and len(picked.names) == 1:
            found.append(picked.names[0])
    return found


def _group(resolved: Resolved, groups: Groups, selector: Selector, ctx: Context) -> str:
    """Return the group of the first step that a head predicts; the main one if none is predicted."""
    targets = (name for name in _targets(resolved, selector, ctx) if groups.levels.get(name) is Level.STEP)
    return next((groups.of.get(name, MAIN_GROUP) for name in targets), MAIN_GROUP)


def _item(resolved: Resolved, groups: Groups, domains: Domains, selector: Selector, ctx: Context) -> str | None:
    """Return the step column that identifies items: by tag, else what a head predicts; None if there is none."""
    levels, predicted = groups.levels, _group(resolved, groups, selector, ctx)
    targets = [name for name in _targets(resolved, selector, ctx) if levels.get(name) is Level.STEP]
    tagged = [
        column.name
        for column in ctx.schema.columns
        if has_tag(column, "item_id")
        and levels[column.name] is Level.STEP
        and column.name in domains.of
        and groups.of.get(column.name, MAIN_GROUP) == predicted
    ]
    both = [name for name in targets if name in tagged]
    candidates = [*both, *tagged, *(name for name in targets if name in domains.of)]
    return candidates[0] if candidates else None
