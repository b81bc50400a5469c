"""Tokens to statements and entries, by their first words, so that a mistake in one can't reach the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from lark import Token

from sess.compiler import codes
from sess.compiler.diagnostics import Edit, Fix, Label, Reporter
from sess.compiler.misspelt import respelling
from sess.compiler.similar import closest
from sess.compiler.source import Source, Span

DEFINING = ("columns", "sequence", "domain", "table", "let", "encoder", "head", "param")
SECTIONS = ("data", "prepare", "train", "evaluate", "serve")
KEYWORDS = (*DEFINING, *SECTIONS, "spec", "schema", "import")
# A keyword's token has its type, which compares in a tenth of the time that lark's tokens take.
_DEFINING, _SECTIONS, _KEYWORDS = ({word.upper() for word in words} for words in (DEFINING, SECTIONS, KEYWORDS))
_OPEN, _CLOSE = {"LPAR", "LSQB"}, {"RPAR", "RSQB"}
_GOES_ON = (*_OPEN, "COMMA", "EQUAL", "PIPE", "PLUS", "MINUS", "AND")


@dataclass(frozen=True, slots=True)
class Chunk:
    """The tokens of one statement, or of one entry; a section's chunk holds its own entries' chunks."""

    tokens: tuple[Token, ...]
    entries: tuple[Chunk, ...] = field(default=())


def chunks(tokens: Sequence[Token], source: Source, reporter: Reporter) -> tuple[Chunk, ...]:
    """Return the statements in order; words before, between or behind them are reported."""
    starts = _starts(tokens)
    found: list[Chunk] = []
    unclosed = 0  # sections so far: each explains one brace too many, since sections don't nest
    _report_outside(tokens[: starts[0]] if starts else tokens, source, reporter)
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=False):
        body = list(tokens[start:end])
        if len(body) > 1 and body[0].type == "NAME" and body[1].type == "EQUAL":
            found.append(_unnamed(body, source, reporter))
            continue
        body[0] = _mended(body[0], body, source, reporter)
        if body[0] in SECTIONS:
            body = _opened(body, source, reporter)
            found.append(_section(body, source, reporter, is_explained=unclosed > 0))
            unclosed += _end(body) is None
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


def _starts(tokens: Sequence[Token]) -> list[int]:
    """Return where statements begin: at a keyword with what must follow, or at a first word that must be meant so."""
    found: list[int] = []
    braces, depth = 0, 0
    for i, token in enumerate(tokens):
        is_first = braces == 0 and _is_first(tokens, i)
        is_named = found[-1:] == [i - 1] and tokens[i - 1].type in _DEFINING  # `let` stands on the line before its name
        is_free = is_first and depth <= 0 and not is_named and (i == 0 or tokens[i - 1].type not in _GOES_ON)
        is_start = _starts_surely(tokens, i) or (is_first and _starts_likely(tokens, i))
        if is_start or (is_free and _starts_badly(tokens, i)):
            found.append(i)
            depth = 0
            braces = int(token.type in _SECTIONS and _is_unopened(tokens, i))
        braces = max(0, braces + (token.type == "LBRACE") - (token.type == "RBRACE"))
        depth += (token.type in _OPEN) - (token.type in _CLOSE)
    return found


def _starts_badly(tokens: Sequence[Token], i: int) -> bool:
    """Whether a definition without its keyword or name begins here, or a section without its brace."""
    word = tokens[i]
    following = [token.type for token in tokens[i + 1 : i + 3]] + ["$END", "$END"]
    if word.type in _SECTIONS:
        return following[0] in ("LPAR", "$END") or following[:2] == ["EQUAL", "LBRACE"] or _is_unopened(tokens, i)
    return following[0] == "EQUAL" and (word.type in _DEFINING or word.type == "NAME")


def _is_unopened(tokens: Sequence[Token], i: int) -> bool:
    """Whether `key =` follows a section's word at once."""
    return _is_word(tokens, i + 1) and i + 2 < len(tokens) and tokens[i + 2].type == "EQUAL"


def _starts_surely(tokens: Sequence[Token], i: int) -> bool:
    """Whether a keyword stands here with what follows it, wherever that is."""
    word = tokens[i]
    if word.type not in _KEYWORDS:
        return False
    following = [token.type for token in tokens[i + 1 : i + 3]] + ["$END", "$END"]
    if word.type in _SECTIONS:
        return following[0] == "LBRACE"
    if word.type in ("SPEC", "SCHEMA", "IMPORT"):
        is_named = following[0] != "EQUAL" and _is_word(tokens, i + 1) and _is_first(tokens, i)
        return following[0] == "STRING" or is_named
    return word.type in _DEFINING and following[1] == "EQUAL" and _is_word(tokens, i + 1)


def _starts_likely(tokens: Sequence[Token], i: int) -> bool:
    """Whether the first word of a line, outside of all sections, is a keyword, or a misspelt one."""
    word = tokens[i]
    following = [token.type for token in tokens[i + 1 : i + 3]] + ["$END", "$END"]
    if word.type in _DEFINING or word.type in ("SCHEMA", "IMPORT"):
        return following[0] not in ("EQUAL", "COMMA", "RPAR", "RSQB")
    if word.type != "NAME":
        return False
    return (_is_word(tokens, i + 1) and following[1] == "EQUAL") or following[0] in ("LBRACE", "STRING")


def _is_word(tokens: Sequence[Token], i: int) -> bool:
    return i < len(tokens) and (tokens[i].type == "NAME" or tokens[i].isidentifier())


def _is_first(tokens: Sequence[Token], i: int) -> bool:
    """Whether a token is the first of its line, by the line breaks between it and the one before."""
    return i == 0 or tokens[i].line != tokens[i - 1].line


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
    following = body[1].type if len(body) > 1 else ""
    possible = SECTIONS if following == "LBRACE" else ("schema", "import") if following == "STRING" else DEFINING
    near = closest(str(word), possible)
    helps = (
        f"did you mean `{near[0]}`?" if near else f"one of {', '.join(f'`{name}`' for name in possible)} begins here"
    )
    at = span_of(source, word)
    fixes = respelling(str(word), at, possible)
    reporter.error(codes.UNKNOWN_STATEMENT, f"there is no statement `{word}`", at, help=helps, fixes=fixes)
    if not near:
        return word
    return Token.new_borrow_pos(near[0].upper(), near[0], word)


def _unnamed(body: list[Token], source: Source, reporter: Reporter) -> Chunk:
    """Report `x = …` without its keyword; return it as a broken definition, so that whoever uses it is silent."""
    word = body[0]
    span = span_of(source, word)
    helps = ("a definition begins with a word like `let`", "a key stands in a section: `train { … }`")
    fix = Fix(f"write `let {word} = …`", (Edit(Span(source, span.start, span.start), "let "),), is_safe=False)
    message = f"`{word} = …` is no statement"
    reporter.error(codes.UNKNOWN_STATEMENT, message, span, help=helps, fixes=[fix])
    value = Token("BROKEN", "", start_pos=body[1].end_pos, end_pos=body[-1].end_pos, line=word.line)
    return Chunk((Token.new_borrow_pos("LET", "let", word), word, body[1], value))


def _opened(body: list[Token], source: Source, reporter: Reporter) -> list[Token]:
    """Return a section with its brace; what stands in its place is reported."""
    name, rest = body[0], body[1:]
    if rest and rest[0].type == "LBRACE":
        return body
    at = span_of(source, name).end
    if len(rest) > 1 and rest[0].type == "EQUAL" and rest[1].type == "LBRACE":
        span = span_of(source, rest[0])
        fix = Fix("leave it out", (Edit(Span(source, at, span.end), ""),))
        reporter.error(codes.SYNTAX, f"a section has no `=`: write `{name} {{ … }}`", span, fixes=[fix])
        return [name, *rest[1:]]
    if rest and rest[0].type == "LPAR":
        message = f"the entries of `{name}` stand in `{{ }}`, not in `( )`"
        reporter.error(codes.SYNTAX, message, span_of(source, rest[0]), help=f"write `{name} {{ … }}`")
        last = max((i for i, token in enumerate(rest) if token.type == "RPAR"), default=None)
        ends = [] if last is None else [Token.new_borrow_pos("RBRACE", "}", rest[last])]
        return [name, Token.new_borrow_pos("LBRACE", "{", rest[0]), *rest[1:last], *ends]
    fix = Fix("open it with `{`", (Edit(Span(source, at, at), " {"),), is_safe=bool(rest) and rest[-1].type == "RBRACE")
    message = f"the section `{name}` is not opened"
    reporter.error(codes.SYNTAX, message, span_of(source, name), help="its entries stand in `{ }`", fixes=[fix])
    if not rest:
        brace = Token("RBRACE", "}", start_pos=at, end_pos=at, line=name.line)
        return [name, Token("LBRACE", "{", start_pos=at, end_pos=at, line=name.line), brace]
    return [name, Token("LBRACE", "{", start_pos=at, end_pos=at, line=name.line), *rest]


def _until_stray(body: list[Token], source: Source, reporter: Reporter) -> list[Token]:
    """Return a statement's tokens up to a `{` or `}` that doesn't belong to it (reported)."""
    for index, token in enumerate(body):
        if token.type in ("LBRACE", "RBRACE"):
            reporter.error(codes.STRAY_BRACKET, f"`{token}` does not belong here", span_of(source, token))
            return body[:index]
    return body


def _section(body: list[Token], source: Source, reporter: Reporter, *, is_explained: bool) -> Chunk:
    """Return a section as its first two tokens, its closing one, and a chunk an entry.

    `is_explained`: a brace too many is that of a section which was reported as not closed.
    """
    end = _end(body)
    if end is None:
        label = Label(span_of(source, body[0]), "the section begins here")
        message = f"the section `{body[0]}` is not closed"
        reporter.error(codes.OPEN_BRACKET, message, span_of(source, body[1]), labels=[label], help="end it with `}`")
        end = len(body)
    elif len(body) > end + 1:
        stray = body[end + 1]
        if stray.type == "RBRACE":
            if not is_explained:
                reporter.error(codes.STRAY_BRACKET, "`}` closes nothing", span_of(source, stray))
        elif stray.type != "BROKEN" and _is_first(body, end + 1):
            _report_outside(body[end + 1 :], source, reporter)
        elif stray.type != "BROKEN":
            message = f"`{stray}` stands behind the section `{body[0]}`"
            reporter.error(codes.SYNTAX, message, span_of(source, stray), help="an entry belongs inside the braces")
    inner = body[2:end]
    depths = accumulate((_rise(token) for token in inner), initial=0)
    starts = [i for i, depth in zip(range(len(inner)), depths, strict=False) if _starts_entry(inner, i, depth)]
    if inner and (not starts or starts[0] > 0):
        first = inner[0]
        if first.type != "BROKEN":
            message = f"`{first}` is no entry of `{body[0]}`"
            reporter.error(codes.SYNTAX, message, span_of(source, first), help="an entry is `key = value`")
    entries = [Chunk(tuple(_without_comma(inner[start:stop])))
               for start, stop in zip(starts, [*starts[1:], len(inner)], strict=False)]  # fmt: skip
    closing = body[end : end + 1]
    return Chunk((body[0], body[1], *closing), tuple(entries))


def _end(body: Sequence[Token]) -> int | None:
    """Return the index of the brace that closes a section; None if it is not closed."""
    depth = 0
    for index, token in enumerate(body):
        depth += (token.type == "LBRACE") - (token.type == "RBRACE")
        if token.type == "RBRACE" and depth == 0:
            return index
    return None


def _rise(token: Token) -> int:
    return (token.type in (*_OPEN, "LBRACE")) - (token.type in (*_CLOSE, "RBRACE"))


def _starts_entry(tokens: Sequence[Token], i: int, depth: int) -> bool:
    """Whether `key =` stands here outside of all brackets, or a key without its `=` first on its line."""
    if i + 1 >= len(tokens) or not (tokens[i].type == "STRING" or tokens[i].isidentifier()):
        return False
    is_assigned = tokens[i + 1].type == "EQUAL"
    if depth > 0:
        return is_assigned and _is_first(tokens, i) and tokens[i - 1].type not in ("COMMA", *_OPEN)
    if is_assigned:
        return True
    joins = ("PIPE", "PLUS", "MINUS", "AND", "__ANON_0", "AMPERSAND", "EQUAL")
    goes_on = i > 0 and tokens[i - 1].type in joins
    return _is_first(tokens, i) and not goes_on and tokens[i + 1].type not in (*joins, "LBRACE")


def _without_comma(tokens: list[Token]) -> list[Token]:
    return tokens[:-1] if tokens and tokens[-1].type == "COMMA" else tokens
