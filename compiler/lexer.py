"""Text to tokens: the whole file at once, so that a stray character costs one finding and not the rest of the file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters

from sess.compiler import codes
from sess.compiler.diagnostics import Reporter
from sess.compiler.source import Source, Span
from sess.compiler.strays import BROKEN, begins_path, stray
from sess.grammar.tables import DATA, MEMO

# What no person writes is refused before it costs time or memory: each limit is checked before what it protects.
LARGEST_TEXT = 1_000_000
MOST_TOKENS = 30_000
MOST_COMMENTS = 50_000
DEEPEST = 64
LONGEST_NAME = 200
LONGEST_STRING = 10_000
MOST_STRAYS = 100

_SCANNED = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*+"?)|(?P<comment>\#[^\n]*+)|(?P<opener>[(\[{])|(?P<closer>[)\]}])"""
    rf"""|(?P<name>\b\w{{{LONGEST_NAME + 1},}}+)"""
)


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
    if _is_too_much(source, reporter):
        return None
    tokens: list[Token] = []
    holes: list[int] = []
    start = 1 if text.startswith("\ufeff") else 0
    strays = 0
    while start < len(text):
        try:
            for token in grammar().lex(text[start:]):
                tokens.append(_readable(_shifted(source, token, start), source, reporter))
                if len(tokens) > MOST_TOKENS:
                    message = f"the file has more than {MOST_TOKENS:,} words"
                    reporter.error(codes.TOO_LARGE, message, Span(source, 0, 0))
                    return None
            break
        except UnexpectedCharacters as error:
            at = start + (error.pos_in_stream or 0)
            strays += 1
            if strays > MOST_STRAYS:
                message = f"the file has more than {MOST_STRAYS} places that are no words; the rest is not read"
                reporter.error(codes.TOO_LARGE, message, Span(source, at, at + 1))
                break
            start = _skip(source, at, tokens, holes, reporter)
    return Lexed(tuple(tokens), tuple(holes))


def _shifted(source: Source, token: Token, by: int) -> Token:
    assert token.start_pos is not None and token.end_pos is not None
    return _token(source, token.type, str(token), token.start_pos + by, token.end_pos + by)


def _readable(token: Token, source: Source, reporter: Reporter) -> Token:
    """Return the token; a string with half a surrogate pair, which no file or terminal can hold, is a broken one."""
    if token.type == "STRING" and "\\u" in token:
        try:
            json.loads(str(token)).encode()
        except UnicodeEncodeError:
            assert token.start_pos is not None and token.end_pos is not None
            span = Span(source, token.start_pos, token.end_pos)
            helps = r"letters beyond `\uffff` are two escapes, like `\ud83d\ude00`"
            reporter.error(codes.BAD_STRING, "the string has half of a surrogate pair", span, help=helps)
            return Token.new_borrow_pos(BROKEN, str(token), token)
    return token


def _token(source: Source, kind: str, text: str, start: int, end: int) -> Token:
    return Token(kind, text, start_pos=start, end_pos=end, line=source.position(start).line)


def _skip(source: Source, at: int, tokens: list[Token], holes: list[int], reporter: Reporter) -> int:
    """Report what stands at an offset and is no token, and read it as what was meant; return where to go on."""
    if tokens and _goes_on(source, tokens[-1], at):
        at = tokens.pop().start_pos or 0
    found = stray(source, at)
    span = found.read or found.finding.span
    reporter.report(found.finding)
    if found.kind is None:
        holes.append(span.start)
    elif found.kind:
        text = span.text if found.text is None else found.text
        tokens.append(_token(source, found.kind, text, span.start, span.end))
    return span.end


def _goes_on(source: Source, before: Token, at: int) -> bool:
    """Whether what is no token begins with the token before it: `->`, `=>`, `ndcg @10`, or a path without quotes."""
    between = source.text[before.end_pos : at]
    if between:
        return before.type == "NAME" and source.text[at] == "@" and not between.strip(" \t")
    if before.type in ("MINUS", "EQUAL"):
        return source.text[before.start_pos : at + 1] in ("->", "=>")
    return before.type == "NAME" and begins_path(source, at)


def _is_too_much(source: Source, reporter: Reporter) -> bool:
    """Report a word or a nesting beyond all need, by one look over the text; strings and comments may hold brackets."""
    depth = comments = 0
    for found in _SCANNED.finditer(source.text):
        kind, length = found.lastgroup, found.end() - found.start()
        depth = depth + 1 if kind == "opener" else max(0, depth - 1) if kind == "closer" else depth
        comments += kind == "comment"
        if comments > MOST_COMMENTS:
            message = f"the file has more than {MOST_COMMENTS:,} comments"
        elif depth > DEEPEST:
            message = f"brackets nest deeper than {DEEPEST}"
        elif kind == "name":
            message = f"a word has {length:,} letters, {LONGEST_NAME} are read"
        elif kind == "string" and length > LONGEST_STRING:
            message = f"a string has {length:,} characters, {LONGEST_STRING:,} are read"
        else:
            continue
        reporter.error(codes.TOO_LARGE, message, Span(source, found.start(), found.start() + 1))
        return True
    return False
