"""Whether a definition gives what its keyword says, and the keyword that says what it gives."""

from __future__ import annotations

from typing import Any

from sess.compiler import codes
from sess.compiler.block import Entry, Kind
from sess.compiler.diagnostics import Edit, Fix
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.similar import listing
from sess.compiler.source import Span
from sess.compiler.tree import Definition
from sess.compiler.tree import Kind as Keyword


def is_proper(definition: Definition, entry: Entry[Any], params: Any, facts: Facts, ctx: Context) -> bool:
    """Whether the block that a definition ends in is one of its keyword; reported if it isn't."""
    kind, word, keyword = entry.kind, entry.name, definition.kind
    is_head = kind in (Kind.HEAD, Kind.BASELINE)
    helps: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    if keyword is Keyword.TABLE and kind is not Kind.TABLE:
        message = f"a table is made by {listing(ctx.registry.names(Kind.TABLE))}, not by `{word}`"
        fixes = () if is_head else (say(definition, Keyword.LET),)
    elif keyword is Keyword.HEAD and not is_head:
        message = f"a head ends in {listing(ctx.registry.names(Kind.HEAD))}, not in `{word}`"
        text, end = f" >> categorical({facts.item or 'item'})", definition.value.span.end
        at = Span(definition.value.span.source, end, end)
        fixes = (Fix(f"add `{text.strip()}`", (Edit(at, text),), is_safe=False),)
    elif keyword is Keyword.HEAD and kind is Kind.BASELINE and params.target is None:
        message = f"`{word}` lacks its target: as a head it says what it ranks"
        text = f"{word}({facts.item or 'item'})"
        is_bare = definition.value.span.text in (word, f"{word}()")
        fixes = (Fix(f"write `{text}`", (Edit(definition.value.span, text),), is_safe=False),) if is_bare else ()
        helps = () if is_bare else (f"write `{text}`",)
        ctx.reporter.error(codes.MISSING_ARGUMENT, message, definition.value.span, help=helps, fixes=fixes)
        return False
    elif keyword in (Keyword.LET, Keyword.ENCODER) and is_head:
        message, fixes = f"`{word}` is a head: it stands in a `head` definition", (say(definition, Keyword.HEAD),)
    else:
        return True
    ctx.reporter.error(codes.WRONG_KIND, message, definition.value.span, help=helps, fixes=fixes)
    return False


def report_columns(definition: Definition, ctx: Context) -> None:
    """Report a selection of columns that another keyword than `columns` names."""
    what = "a table" if definition.kind is Keyword.TABLE else f"`{definition.kind.value}`"
    message = f"`{definition.value.span.text}` selects columns, and {what} names a vector"
    fixes = (say(definition, Keyword.COLUMNS),) if definition.kind is Keyword.LET else ()
    helps = () if fixes else (f"write `features({definition.value.span.text})`",)
    ctx.reporter.error(codes.WRONG_KIND, message, definition.value.span, help=helps, fixes=fixes)


def say(definition: Definition, keyword: Keyword) -> Fix:
    """Return the fix that gives a definition another keyword."""
    span = definition.span
    at = Span(span.source, span.start, span.start + len(definition.kind.value))
    return Fix(f"write `{keyword.value} {definition.name.text} = …`", (Edit(at, keyword.value),))
