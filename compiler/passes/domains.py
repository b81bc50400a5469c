"""Domains: which columns share a vocabulary, by the schema's names and the `domain` statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sess.compiler import codes
from sess.compiler.diagnostics import Label
from sess.compiler.passes.context import Context
from sess.compiler.passes.resolve import Resolved
from sess.compiler.represent import has_codes
from sess.compiler.schema import Column, Dtype
from sess.compiler.selectors import Selector
from sess.compiler.similar import listing
from sess.compiler.tree import Definition, Kind


@dataclass(frozen=True, slots=True)
class Domains:
    """The domain of each column that can be categories, and the columns of each domain in schema order.

    `catalogue` has the domains of the catalogue's columns; those that no column of the events is in have no `columns`.
    """

    of: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]
    catalogue: Mapping[str, str] = field(default_factory=dict)


def find_domains(resolved: Resolved, made: Mapping[str, Dtype], ctx: Context) -> Domains:
    """Return the domains; conflicting declarations and dtypes are reported.

    `made` are the columns whose categories are made of their values, with the dtype of those: they share nothing with
    columns that hold the values themselves, unless a `domain` statement says so.
    """
    of = {
        column.name: column.name if column.name in made else column.domain or column.name
        for column in ctx.schema.columns
        if column.name in made or has_codes(column)
    }
    by_schema = _columns(of, ctx)
    selector = Selector(
        ctx.schema, ctx.catalogue, resolved.definitions, resolved.broken, by_schema, frozenset(), ctx.reporter
    )
    owners: dict[str, Definition] = {}
    for name, definition in resolved.definitions.items():
        if definition.kind is not Kind.DOMAIN:
            continue
        picked = selector.pick(definition.value)
        if picked and picked.is_catalogue:
            message = f"`{definition.value.span.text}` is of the catalogue, and a domain joins columns of the events"
            ctx.reporter.error(codes.DOMAIN_CONFLICT, message, definition.value.span)
            continue
        for column in picked.names if picked else ():
            if column in owners:
                message = f"`{column}` is in the domains `{owners[column].name.text}` and `{name}`"
                labels = [Label(owners[column].span, "the first")]
                ctx.reporter.error(codes.DOMAIN_CONFLICT, message, definition.value.span, labels=labels)
                continue
            if column not in of:
                message = f"`{column}` is a number, which has no domain"
                ctx.reporter.error(codes.DOMAIN_CONFLICT, message, definition.value.span)
                continue
            owners[column] = definition
            whole = by_schema.get(of[column], (column,))
            of.update({each: name for each in whole if each not in owners or owners[each] is definition})
        if picked:
            _check_named(name, definition, [_column(each, ctx) for each in picked.names], ctx)
    _check_dtypes(of, owners, made, ctx)
    return Domains(of, _columns(of, ctx))


def with_catalogue(domains: Domains, catalogue: Mapping[str, str]) -> Domains:
    """Return domains that have the catalogue's columns too."""
    columns = {**dict.fromkeys(catalogue.values(), ()), **domains.columns}
    return Domains(domains.of, columns, catalogue)


def _column(name: str, ctx: Context) -> Column:
    found = ctx.schema.find(name)
    assert found is not None, name
    return found


def _columns(of: Mapping[str, str], ctx: Context) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for column in ctx.schema.columns:
        if column.name in of:
            names.setdefault(of[column.name], []).append(column.name)
    return {domain: tuple(columns) for domain, columns in names.items()}


def _check_named(name: str, definition: Definition, columns: list[Column], ctx: Context) -> None:
    declared = {column.domain: column for column in columns if column.domain is not None}
    if len(declared) > 1:
        message = f"the domain `{name}` joins columns that the schema puts in {listing(str(each) for each in declared)}"
        labels = [Label(column.span, f"in `{domain}`") for domain, column in declared.items()]
        ctx.reporter.error(codes.DOMAIN_CONFLICT, message, definition.value.span, labels=labels)


def _check_dtypes(
    of: Mapping[str, str], owners: Mapping[str, Definition], made: Mapping[str, Dtype], ctx: Context
) -> None:
    first: dict[str, Column] = {}
    for column in ctx.schema.columns:
        domain = of.get(column.name)
        if domain is None:
            continue
        other = first.setdefault(domain, column)
        if made.get(other.name, other.dtype) is not made.get(column.name, column.dtype):
            owner = owners.get(column.name) or owners.get(other.name)
            at = owner.value.span if owner else column.span
            dtypes = f"`{other.name}` is {other.dtype.value}, `{column.name}` is {column.dtype.value}"
            labels = [Label(each.span, each.dtype.value) for each in (other, column) if each.span != at]
            ctx.reporter.error(codes.DOMAIN_CONFLICT, f"one domain has one dtype: {dtypes}", at, labels=labels)
