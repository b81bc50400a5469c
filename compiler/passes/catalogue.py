"""The domains of the catalogue's columns."""

from __future__ import annotations

from collections.abc import Mapping

from sess.compiler import codes
from sess.compiler.diagnostics import Label
from sess.compiler.passes.context import Context
from sess.compiler.represent import has_codes


def catalogue_domains(of: Mapping[str, str], item: str | None, ctx: Context) -> dict[str, str]:
    """Return the domain of each categorical column of the catalogue; one that the events have too is shared.

    What shares a domain and differs in dtype is reported.
    """
    if ctx.catalogue is None:
        return {}
    first = {domain: name for name, domain in reversed(list(of.items()))}
    found: dict[str, str] = {}
    for column in ctx.catalogue.columns:
        if not has_codes(column):
            continue
        is_key = column.name == item and item in of  # its dtype is the join's to check
        domain = of[column.name] if is_key else column.domain or of.get(column.name, column.name)
        found[column.name] = domain
        other = ctx.schema.find(first[domain]) if domain in first else None
        if other is not None and other.dtype is not column.dtype and not is_key:
            dtypes = f"`{other.name}` is {other.dtype.value}, the catalogue's `{column.name}` is {column.dtype.value}"
            labels = [Label(other.span, other.dtype.value)]
            ctx.reporter.error(codes.DOMAIN_CONFLICT, f"one domain has one dtype: {dtypes}", column.span, labels=labels)
    return found
