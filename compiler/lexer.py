"""Text to tokens: the whole file at once, so that a stray character costs one finding and not the rest of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters

from sess.compiler import codes
from sess.compiler.diagnostics import Reporter
from sess.compiler.source import Source, Span
from sess.grammar.tables import DATA, MEMO

LARGEST_TEXT = 1_000_000
MOST_TOKENS = 200_000
DEEPEST = 200
MOST_HOLES = 100

_STRING = re.compile(r'"(?:[^"\\\n\r]|\\[^\n\r])*("?)')
_NUMBER = re.compile(r"\.?[0-9][A-Za-z0-9_.]*")
_CUTOFF = re.compile(r"[A-Za-z_][A-Za-z0-9_]*@[A-Za-z0-9_.]*")
_JUNK = re.compile(r"[^\s\w\"#()\[\]{},=+\-&]+|.", re.DOTALL)
_OPENERS = {"(": ")", "[": "]", "{": "}"}


@cache
def grammar() -> Lark:
    """Return the parser, loaded from its tables once in a process."""
    return cast(Lark, Lark._load_from_dict(DATA, MEMO))  # type: ignore[no-untyped-call] # what lark's own generator calls


@dataclass(frozen=True, slots=True)
class Lexed:
    """The tokens of a file, and the places where something that is no token was left out."""

    tokens: tuple[Token, ...]
    holes: tuple[int, ...]


def lex(source: Source, reporter: Reporter) -> Lexed | None:
    """Return the tokens; None if the text is too large or too deep to be read (reported)."""
    text = source.text
    if len(text) > LARGEST_TEXT:
        message = f"the file has {len(text):,} characters, {LARGEST_TEXT:,} are read"
        reporter.error(codes.TOO_LARGE, message, Span(source, 0, 0))
        return None
    if _is_too_deep(source, reporter):
        return None
    tokens: list[Token] = []
    holes: list[int] = []
    start = 1 if text.startswith("\ufeff") else 0
    while start < len(text) and len(holes) < MOST_HOLES:
        try:
            for token in grammar().lex(text[start:]):
                tokens.append(_shifted(source, token, start))
                if len(tokens) > MOST_TOKENS:
                    message = f"the file has more than {MOST_TOKENS:,} words"
                    reporter.error(codes.TOO_LARGE, message, Span(source, 0, 0))
                    return None
            break
        except UnexpectedCharacters as error:
            at = start + (error.pos_in_stream or 0)
            start = _skip(source, at, tokens, holes, reporter)
    return Lexed(tuple(tokens), tuple(holes))


def _shifted(source: Source, token: Token, by: int) -> Token:
    assert token.start_pos is not None and token.end_pos is not None
    return _token(source, token.type, str(token), token.start_pos + by, token.end_pos + by)


def _token(source: Source, kind: str, text: str, start: int, end: int) -> Token:
    return Token(kind, text, start_pos=start, end_pos=end, line=source.position(start).line)


def _skip(source: Source, at: int, tokens: list[Token], holes: list[int], reporter: Reporter) -> int:
    """Report what stands at an offset and is no token, put a BROKEN value in its place; return where to go on."""
    text = source.text
    if found := _STRING.match(text, at):
        span = Span(source, at, found.end())
        if not found[1]:
            line_end = at + len(source.line(source.position(at).line)) - source.position(at).column + 1
            span = Span(source, at, line_end)
            reporter.error(codes.OPEN_STRING, "the string is not closed on its line", span, help='end it with `"`')
        elif "\\" in found[0]:
            message = f"{found[0]} has an escape that JSON does not know"
            reporter.error(codes.BAD_STRING, message, span, help=r"write `\\` for a backslash, `\"` for a quote")
        else:
            reporter.error(codes.BAD_STRING, "a control character stands in the string", span)
        tokens.append(_token(source, "BROKEN", found[0], span.start, span.end))
        return span.end
    if found := _NUMBER.match(text, at):
        number = found[0]
        helps = "write digits on both sides of the point, like `0.5`" if number.strip("0123456789") == "." else ""
        reporter.error(codes.BAD_NUMBER, f"`{number}` is no number", Span(source, at, found.end()), help=helps)
        tokens.append(_token(source, "BROKEN", number, at, found.end()))
        return found.end()
    if found := _CUTOFF.match(text, at):
        message = f"`{found[0]}` has no whole number behind `@`"
        span = Span(source, at, found.end())
        reporter.error(codes.BAD_NUMBER, message, span, help="write a metric with its cutoff, like `ndcg@10`")
        tokens.append(_token(source, "BROKEN", found[0], at, found.end()))
        return found.end()
    found = _JUNK.match(text, at)
    assert found is not None
    quote = "use double quotes for strings" if found[0][0] in "'‘’“”`" else ""
    reporter.error(
        codes.STRAY_CHARACTER, f"`{found[0]}` has no meaning here", Span(source, at, found.end()), help=quote
    )
    holes.append(at)
    return found.end()


def _is_too_deep(source: Source, reporter: Reporter) -> bool:
    """Report brackets that nest deeper than any spec needs; strings and comments may hold brackets."""
    depth = 0
    for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[(\[{]|[)\]}]', source.text):
        if found[0] in _OPENERS:
            depth += 1
            if depth > DEEPEST:
                span = Span(source, found.start(), found.end())
                reporter.error(codes.TOO_LARGE, f"brackets nest deeper than {DEEPEST}", span)
                return True
        elif found[0] in ")]}":
            depth = max(0, depth - 1)
    return False
