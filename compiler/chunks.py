"""Tokens to statements and entries, by their first words, so that a mistake in one can't reach the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lark import Token

from sess.compiler import codes
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.similar import closest
from sess.compiler.source import Source, Span

DEFINING = ("columns", "sequence", "domain", "table", "let", "encoder", "head", "param")
SECTIONS = ("data", "prepare", "train", "evaluate", "serve")
KEYWORDS = (*DEFINING, *SECTIONS, "spec", "schema", "import")
_OPEN, _CLOSE = {"LPAR", "LSQB"}, {"RPAR", "RSQB"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """The tokens of one statement, or of one entry; a section's chunk holds its own entries' chunks."""

    tokens: tuple[Token, ...]
    entries: tuple[Chunk, ...] = field(default=())


def chunks(tokens: Sequence[Token], source: Source, reporter: Reporter) -> tuple[Chunk, ...]:
    """Return the statements in order; words before, between or behind them are reported."""
    starts = [i for i in range(len(tokens)) if _starts_statement(tokens, i)]
    found: list[Chunk] = []
    outside = tokens[: starts[0]] if starts else tokens
    _report_outside(outside, source, reporter)
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=False):
        body = list(tokens[start:end])
        if body[0] in SECTIONS and len(body) > 1 and body[1].type == "LBRACE":
            found.append(_section(body, source, reporter))
            continue
        body[0] = _mended(body[0], body, source, reporter)
        if body[0] in SECTIONS and len(body) > 1 and body[1].type == "LBRACE":
            found.append(_section(body, source, reporter))
            continue
        kept = _until_stray(body, source, reporter)
        if body[0] in KEYWORDS:
            found.append(Chunk(tuple(kept)))
    return tuple(found)


def span_of(source: Source, first: Token, last: Token | None = None) -> Span:
    """Return the span from a token to the end of another."""
    assert first.start_pos is not None
    end = (last or first).end_pos
    assert end is not None
    return Span(source, first.start_pos, end)


def _starts_statement(tokens: Sequence[Token], i: int) -> bool:
    """Whether a statement begins at a token: a keyword with what must follow, or a misspelt one first on its line."""
    word = tokens[i]
    following = [token.type for token in tokens[i + 1 : i + 3]] + ["$END", "$END"]
    if word in SECTIONS:
        return following[0] == "LBRACE"
    if word in ("spec", "schema", "import"):
        return following[0] == "STRING" or (
            following[0] != "EQUAL" and _is_word(tokens, i + 1) and _is_first(tokens, i)
        )
    if word in DEFINING:
        if following[1] == "EQUAL" and _is_word(tokens, i + 1):
            return True
        return (
            _is_first(tokens, i)
            and following[0] not in ("EQUAL", "COMMA", "RPAR", "RSQB")
            and _depth_is_zero(tokens, i)
        )
    if word.type == "NAME" and _is_first(tokens, i) and _depth_is_zero(tokens, i):
        return (_is_word(tokens, i + 1) and following[1] == "EQUAL") or following[0] in ("LBRACE", "STRING")
    return False


def _is_word(tokens: Sequence[Token], i: int) -> bool:
    return i < len(tokens) and (tokens[i].type == "NAME" or tokens[i].isidentifier())


def _is_first(tokens: Sequence[Token], i: int) -> bool:
    """Whether a token is the first of its line, by the line breaks between it and the one before."""
    return i == 0 or tokens[i].line != tokens[i - 1].line


def _depth_is_zero(tokens: Sequence[Token], i: int) -> bool:
    """Whether no `{` is open before a token: keywords are free as keys inside a section."""
    depth = 0
    for token in tokens[:i]:
        if token.type == "LBRACE":
            depth = 1
        elif token.type == "RBRACE":
            depth = 0
    return depth == 0


def _report_outside(tokens: Sequence[Token], source: Source, reporter: Reporter) -> None:
    if tokens and tokens[0].type != "BROKEN":
        message = f"`{tokens[0]}` is no statement"
        near = closest(str(tokens[0]), KEYWORDS)
        helps = (
            f"did you mean `{near[0]}`?" if near else "a statement begins with a word like `columns`, `let` or `head`"
        )
        reporter.error(codes.UNKNOWN_STATEMENT, message, span_of(source, tokens[0]), help=helps)


def _mended(word: Token, body: Sequence[Token], source: Source, reporter: Reporter) -> Token:
    """Return the keyword that a misspelt first word stands for; the word itself if it is one, or is like none."""
    if word in KEYWORDS:
        return word
    possible = SECTIONS if body[1].type == "LBRACE" else ("schema", "import") if body[1].type == "STRING" else DEFINING
    near = closest(str(word), possible)
    helps = (
        f"did you mean `{near[0]}`?" if near else f"one of {', '.join(f'`{name}`' for name in possible)} begins here"
    )
    reporter.error(codes.UNKNOWN_STATEMENT, f"there is no statement `{word}`", span_of(source, word), help=helps)
    if not near:
        return word
    return Token.new_borrow_pos(near[0].upper(), near[0], word)


def _until_stray(body: list[Token], source: Source, reporter: Reporter) -> list[Token]:
    """Return a statement's tokens up to a `{` or `}` that doesn't belong to it (reported)."""
    for index, token in enumerate(body):
        if token.type in ("LBRACE", "RBRACE"):
            reporter.error(codes.STRAY_BRACKET, f"`{token}` does not belong here", span_of(source, token))
            return body[:index]
    return body


def _section(body: list[Token], source: Source, reporter: Reporter) -> Chunk:
    """Return a section as its first two tokens, its closing one, and a chunk an entry."""
    end = next((i for i, token in enumerate(body) if token.type == "RBRACE"), None)
    if end is None:
        label = Label(span_of(source, body[0]), "the section begins here")
        message = f"the section `{body[0]}` is not closed"
        reporter.error(codes.OPEN_BRACKET, message, span_of(source, body[1]), labels=[label], help="end it with `}`")
        end = len(body)
    elif len(body) > end + 1:
        stray = body[end + 1]
        if stray.type != "BROKEN":
            message = f"`{stray}` stands behind the section `{body[0]}`"
            reporter.error(codes.SYNTAX, message, span_of(source, stray), help="an entry belongs inside the braces")
    inner = body[2:end]
    starts = [i for i in range(len(inner)) if _starts_entry(inner, i)]
    if inner and (not starts or starts[0] > 0):
        first = inner[0]
        if first.type != "BROKEN":
            message = f"`{first}` is no entry of `{body[0]}`"
            reporter.error(codes.SYNTAX, message, span_of(source, first), help="an entry is `key = value`")
    entries = [Chunk(tuple(_without_comma(inner[start:stop])))
               for start, stop in zip(starts, [*starts[1:], len(inner)], strict=False)]  # fmt: skip
    closing = body[end : end + 1]
    return Chunk((body[0], body[1], *closing), tuple(entries))


def _starts_entry(tokens: Sequence[Token], i: int) -> bool:
    """Whether `key =` stands here outside of all brackets, or a key without its `=` first on its line."""
    if i + 1 >= len(tokens) or not (tokens[i].type == "STRING" or tokens[i].isidentifier()):
        return False
    is_assigned = tokens[i + 1].type == "EQUAL"
    depth = 0
    for token in tokens[:i]:
        depth += (token.type in _OPEN) - (token.type in _CLOSE)
    if depth > 0:
        return is_assigned and _is_first(tokens, i) and tokens[i - 1].type not in ("COMMA", *_OPEN)
    if is_assigned:
        return True
    joins = ("PIPE", "PLUS", "MINUS", "AND", "__ANON_0", "AMPERSAND", "EQUAL")
    return _is_first(tokens, i) and i > 0 and tokens[i - 1].type not in joins and tokens[i + 1].type not in joins


def _without_comma(tokens: list[Token]) -> list[Token]:
    return tokens[:-1] if tokens and tokens[-1].type == "COMMA" else tokens
