"""What a person reads when a statement can't be parsed: the word that doesn't fit, and what would."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lark import Token

from sess.compiler import codes
from sess.compiler.chunks import span_of
from sess.compiler.diagnostics import Diagnostic, Edit, Fix, Label
from sess.compiler.repair import Refusal
from sess.compiler.slips import slip_at
from sess.compiler.source import Source, Span

WORDS = {
    "EQUAL": "`=`",
    "COMMA": "`,`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "NAME": "a name",
    "STRING": "a string",
    "PIPE": "`>>`",
    "IN": "`in`",
    "FOR": "`for catalogue`",
}
_SPACED = {"EQUAL": " =", "COMMA": ",", "PIPE": " >>"}
_NO_VALUE = ("COMMA", "RPAR", "RSQB", "EQUAL", "PIPE", "PLUS", "AND")
_CLOSERS = {"LPAR": ("RPAR", ")"), "LSQB": ("RSQB", "]")}


def explain(source: Source, tokens: Sequence[Token], refusal: Refusal, reserved: Collection[str]) -> Diagnostic:
    """Return the finding for the token that the parser refused."""
    at, expected = refusal.at, refusal.expected
    opener = _open_bracket(tokens, at)
    token = tokens[at] if at < len(tokens) else None
    here = span_of(source, token) if token is not None else _behind(source, tokens[-1])
    before = f" behind `{tokens[at - 1]}`" if at else ""
    is_value = "NAME" in expected and "LSQB" in expected
    if at and expected == {"EQUAL"} and tokens[at - 1] in reserved and opener is not None:
        return _keyword(source, tokens[at - 1])
    slip = slip_at(source, tokens, at, opener) if token is not None and at else None
    if slip is not None:
        return slip
    is_over = at > 1 and "$END" in expected and opener is None and tokens[1].type != "EQUAL"  # no entry of a section
    if token is not None and is_over and token.line != tokens[at - 1].line:
        helps = ("a statement begins with a word like `columns`, `let` or `head`",)
        return Diagnostic(codes.UNKNOWN_STATEMENT, f"`{token}` is no statement", here, help=helps)
    if is_value and token is not None and token.type in _NO_VALUE:
        return Diagnostic(codes.MISSING_VALUE, f"a value is missing{before}", here)
    if opener is not None and _is_cut_off(token, tokens, at, expected):
        closer = _CLOSERS[opener.type][1]
        if token is not None and token.type in ("RPAR", "RSQB") and not _closes_outer(token, tokens, at):
            fix = Fix(f"close it with `{closer}`", (Edit(here, closer),), is_safe=False)
            labels = (Label(span_of(source, opener), "opened here"),)
            return Diagnostic(
                codes.OPEN_BRACKET, f"`{opener}` is closed by `{token}`", here, labels=labels, fixes=(fix,)
            )
        fix = Fix(f"close it with `{closer}`", (Edit(_behind(source, tokens[at - 1]), closer),), is_safe=False)
        span = span_of(source, opener)
        return Diagnostic(
            codes.OPEN_BRACKET, f"`{opener}` is not closed", span, help=(f"close it with `{closer}`",), fixes=(fix,)
        )
    if token is not None and token.type in ("RPAR", "RSQB") and opener is None:
        return Diagnostic(codes.STRAY_BRACKET, f"`{token}` closes nothing", here)
    if token is not None and "NAME" in expected and token in reserved:
        return _keyword(source, token)
    if is_value and token is None:
        return Diagnostic(codes.MISSING_VALUE, f"a value is missing{before}", here)
    if refusal.missing and token is not None:
        return _missing(source, tokens[at - 1], token, refusal.missing)
    wanted = _wanted(expected)
    found = f"`{token}` does not fit{before}" if token is not None else f"the statement ends too early{before}"
    return Diagnostic(codes.SYNTAX, found, here, help=(f"expected {wanted}",) if wanted else ())


def _missing(source: Source, before: Token, after: Token, kind: str) -> Diagnostic:
    """Return the finding that a sign is missing between two tokens."""
    sign = WORDS[kind]
    fix = Fix(f"put {sign} between", (Edit(_behind(source, before), _SPACED[kind]),))
    at = span_of(source, after) if before.line == after.line else span_of(source, before)
    message = f"{sign} is missing between `{before}` and `{after}`"
    return Diagnostic(codes.SYNTAX, message, at, fixes=(fix,))


def _keyword(source: Source, token: Token) -> Diagnostic:
    message = f"`{token}` is a keyword and can't stand here as a name"
    helps = ("take another name", f'a column so called is `column("{token}")`')
    return Diagnostic(codes.KEYWORD_AS_NAME, message, span_of(source, token), help=helps)


def _behind(source: Source, token: Token) -> Span:
    end = token.end_pos or 0
    return Span(source, end, end)


def _open_bracket(tokens: Sequence[Token], at: int) -> Token | None:
    """Return the innermost bracket that is open before an index; None if none is."""
    stack: list[Token] = []
    for token in tokens[:at]:
        if token.type in _CLOSERS:
            stack.append(token)
        elif token.type in ("RPAR", "RSQB") and stack:
            stack.pop()
    return stack[-1] if stack else None


def _closes_outer(token: Token, tokens: Sequence[Token], at: int) -> bool:
    """Whether a bracket further out waits for this closing one, so that the innermost one's own was forgotten."""
    counts = {kind: sum(each.type == kind for each in tokens[:at]) for kind in ("LPAR", "RPAR", "LSQB", "RSQB")}
    return counts["LPAR"] > counts["RPAR"] if token.type == "RPAR" else counts["LSQB"] > counts["RSQB"]


def _is_cut_off(token: Token | None, tokens: Sequence[Token], at: int, expected: Collection[str]) -> bool:
    """Whether an open bracket is the cause: the statement ends, or goes on on another line as if it were closed."""
    if token is None or token.type in ("RPAR", "RSQB", "PIPE"):
        return True
    return token.line != tokens[at - 1].line and bool({"RPAR", "RSQB"} & set(expected))


def _wanted(expected: Collection[str]) -> str:
    words = [text for kind, text in WORDS.items() if kind in expected]
    if "NAME" in expected and "LSQB" in expected:
        words = ["a value"]
    return " or ".join((", ".join(words[:-1]), words[-1]) if len(words) > 1 else words)
