"""Slips of syntax whose remedy is plain: each has words and a fix of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lark import Token

from sess.compiler import codes
from sess.compiler.chunks import span_of
from sess.compiler.diagnostics import Diagnostic, Edit, Fix, Label
from sess.compiler.repair import CALLED_WITH_TEXT, CLOSERS, UNITS, is_swapped
from sess.compiler.source import Source, Span


def slip_at(source: Source, tokens: Sequence[Token], at: int, opener: Token | None) -> Diagnostic | None:
    """Return the finding of the slip before the token at an index; None if it is none that is known.

    `opener` is the innermost bracket that is open there.
    """
    before, token = tokens[at - 1], tokens[at]
    here, both = span_of(source, token), span_of(source, before, token)
    is_joined = before.end_pos == token.start_pos
    if before.type == "INT" and token in UNITS:
        fix = Fix("leave the space out", (Edit(both, f"{before}{token}"),))
        return Diagnostic(codes.BAD_NUMBER, f"a duration has no space: `{before}{token}`", both, fixes=(fix,))
    if before in CALLED_WITH_TEXT and token.type == "STRING":
        fix = Fix(f"write `{before}({token})`", (Edit(both, f"{before}({token})"),))
        return Diagnostic(codes.SYNTAX, f"the brackets of `{before}(…)` are missing", here, fixes=(fix,))
    if is_joined and token.type == before.type and token.type in ("AND", "EQUAL"):
        fix = Fix(f"write `{token}`", (Edit(both, str(token)),))
        return Diagnostic(codes.STRAY_CHARACTER, f"`{token}{token}` has no meaning here", both, fixes=(fix,))
    if tokens[0] == "spec" and at == 1 and token.type == "STRING":
        return _title_alone(source, token)
    if at == 2 and token.type == "MINUS" and is_joined and before.type == "NAME":
        return _dashed(source, tokens, at)
    if opener is not None and is_swapped(tokens, at, CLOSERS[opener.type]):
        after = tokens[at + 1]
        both = span_of(source, token, after)
        fix = Fix("swap them", (Edit(both, f"{after}{token}"),))
        message = f"`{token}` stands before the `{after}` that closes `{opener}`"
        labels = (Label(span_of(source, opener), "opened here"),)
        return Diagnostic(codes.OPEN_BRACKET, message, both, labels=labels, fixes=(fix,))
    return None


def _title_alone(source: Source, title: Token) -> Diagnostic:
    """Return the finding of `spec "My shop"`, which lacks its name."""
    name = "_".join(re.findall(r"[a-z0-9]+", str(title).lower())) or "name"
    name = name if name[0].isalpha() else f"_{name}"
    here = span_of(source, title)
    fix = Fix("put a name before the title", (Edit(Span(source, here.start, here.start), f"{name} "),))
    return Diagnostic(codes.SYNTAX, f"a spec has a name, and {title} is its title", here, fixes=(fix,))


def _dashed(source: Source, tokens: Sequence[Token], at: int) -> Diagnostic:
    """Return the finding of a name such as `my-shop`."""
    last = at
    while last + 1 < len(tokens) and tokens[last].end_pos == tokens[last + 1].start_pos and tokens[last + 1] != "=":
        last += 1
    name = span_of(source, tokens[at - 1], tokens[last])
    fresh = name.text.replace("-", "_")
    fix = Fix(f"write `{fresh}`", (Edit(name, fresh),))
    return Diagnostic(codes.SYNTAX, f"`{name.text}` is no name: `-` is the difference of columns", name, fixes=(fix,))
