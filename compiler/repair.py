"""Mend the tokens of one statement so that the parser takes them: what is missing put in, what is too much left out.

The states of the LALR(1) table are walked without building a tree, so that trying a repair costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Token
from lark.parsers.lalr_analysis import Shift

from sess.compiler.lexer import grammar

_LONGEST = 2_000  # tokens; a statement of more was written by no person
_MOST = 8  # repairs of one statement; beyond them nothing is left to trust
_AHEAD = 4  # tokens that a repair has to make readable, unless the statement ends before
_INSERTED = {"COMMA": ",", "EQUAL": "=", "RPAR": ")", "RSQB": "]", "PIPE": ">>", "BROKEN": ""}
_SIGNS = ("COMMA", "EQUAL", "PIPE")
_VALUE = "BROKEN"
UNITS = ("us", "ms", "s", "m", "h", "d", "w")
CALLED_WITH_TEXT = ("column", "tag", "dtype")
CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB"}
_CLOSING = {"RPAR", "RSQB"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A token that the parser refused: its index (the number of tokens: the end), and what fits instead.

    `missing` is the kind of the sign that was put in before it; empty if something else was done.
    """

    at: int
    expected: frozenset[str]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Mended:
    """Tokens that the parser takes, None if they can't be had; `is_sure` if they mean what the writer meant."""

    tokens: tuple[Token, ...] | None
    refusals: tuple[tuple[Refusal, tuple[Token, ...]], ...]
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class _Try:
    """One way to go on: the tokens with the repair, how many more of them can be read, and whether it may mislead."""

    tokens: tuple[Token, ...]
    reached: int
    is_sure: bool


def mend(start: str, tokens: Sequence[Token]) -> Mended:
    """Return the tokens of a statement or entry with repairs, and each refusal with the tokens as they were then."""
    words = tuple(tokens)
    refusals: list[tuple[Refusal, tuple[Token, ...]]] = []
    is_sure = True
    reached = 0
    for _ in range(_MOST):
        at, stack = _walk(_begin(start), words)
        if at > len(words):
            return Mended(words, tuple(refusals), is_sure)
        found = _best(start, words, at, stack) if len(words) <= _LONGEST else None
        missing = found.tokens[at].type if found is not None and len(found.tokens) > len(words) else ""
        refusals.append((Refusal(at, _expected(stack), missing if missing in _SIGNS else ""), words))
        if found is None or found.reached <= reached:
            break
        words, is_sure, reached = found.tokens, is_sure and found.is_sure, found.reached
    return Mended(None, tuple(refusals))


def _best(start: str, words: tuple[Token, ...], at: int, stack: list[int]) -> _Try | None:
    """Return the repair after which the most can be read; the first of equals; None if none helps enough."""
    tries = [
        _Try(tokens, _walk(_begin(start), tokens)[0] - (len(tokens) - len(words)), is_sure)
        for tokens, is_sure in _repairs(words, at, stack)
    ]
    enough = [each for each in tries if each.reached >= min(at + _AHEAD, len(words) + 1)]
    return max(enough, key=lambda each: each.reached, default=None)


def _repairs(words: tuple[Token, ...], at: int, stack: list[int]) -> Iterator[tuple[tuple[Token, ...], bool]]:
    """Yield the tokens with one repair at an index each, the likeliest first."""
    before, after = words[:at], words[at:]
    opener = _open(before)
    if before and after and _is_duration(before[-1], after[0]):
        whole = Token("DURATION", f"{before[-1]}{after[0]}", start_pos=before[-1].start_pos, end_pos=after[0].end_pos)
        yield (*before[:-1], whole, *after[1:]), True
    if before and after and after[0].type == "STRING" and before[-1] in CALLED_WITH_TEXT:
        ends = _made("LPAR", after[0], after[0]), after[0], _made("RPAR", after[0], after[0])
        yield (*before, *ends, *after[1:]), True
    if before and after and after[0].type == "LSQB" and before[-1].end_pos == after[0].start_pos:
        yield _called(words, at), True
    if opener is not None:
        closer = CLOSERS[words[opener].type]
        # Where a pipe stands behind the bracket, it can't be known on which side of it the end was forgotten.
        is_clear = at - opener > 1 and not any(token.type == "PIPE" for token in words[opener:at])
        if is_swapped(words, at, closer):
            own, outer = _made(closer, after[0], after[0]), _made(after[0].type, after[1], after[1])
            yield (*before, own, outer, *after[2:]), True
        if after and after[0].type in _CLOSING and after[0].type != closer:
            yield (*before, _made(closer, after[0], after[0]), *after[1:]), is_clear
        yield (*before, _between(closer, words, at), *after), is_clear
    for kind in ("COMMA", "EQUAL", "PIPE", _VALUE):
        if _fits(stack, kind):
            yield (*before, _between(kind, words, at), *after), True
    if after:
        yield (*before, *after[1:]), after[0].type in _CLOSING
        yield (*before, _made(_VALUE, after[0], after[0]), *after[1:]), True
        if before:
            yield (*before[:-1], _made(_VALUE, before[-1], before[-1]), *after), True


def _is_duration(number: Token, unit: Token) -> bool:
    return number.type == "INT" and unit in UNITS


def is_swapped(words: Sequence[Token], at: int, closer: str) -> bool:
    """Whether the closing bracket that fits stands behind another one that doesn't: `[8)]`."""
    pair = [token.type for token in words[at : at + 2]]
    return len(pair) == 2 and pair[1] == closer and pair[0] in _CLOSING and pair[0] != closer


def _called(words: tuple[Token, ...], at: int) -> tuple[Token, ...]:
    """Return `name[a]` as `name(a)`."""
    depth = 0
    for index in range(at, len(words)):
        depth += (words[index].type == "LSQB") - (words[index].type == "RSQB")
        if depth == 0:
            first, last = _made("LPAR", words[at], words[at]), _made("RPAR", words[index], words[index])
            return (*words[:at], first, *words[at + 1 : index], last, *words[index + 1 :])
    return words


def _open(before: Sequence[Token]) -> int | None:
    """Return the index of the innermost bracket that is open; None if none is."""
    stack: list[int] = []
    for index, token in enumerate(before):
        if token.type in CLOSERS:
            stack.append(index)
        elif token.type in _CLOSING and stack:
            stack.pop()
    return stack[-1] if stack else None


def _between(kind: str, words: Sequence[Token], at: int) -> Token:
    """Return a token of no width behind the one before an index."""
    place = words[at - 1].end_pos if at else words[0].start_pos
    assert place is not None
    return Token(kind, _INSERTED[kind], start_pos=place, end_pos=place, line=words[max(at - 1, 0)].line)


def _made(kind: str, first: Token, last: Token) -> Token:
    return Token(kind, str(first), start_pos=first.start_pos, end_pos=last.end_pos, line=first.line)


@cache
def _states() -> Mapping[int, Mapping[str, tuple[Any, Any]]]:  # lark's own pairs of an action and its argument
    return _table("statement").states  # type: ignore[no-any-return]


def _table(start: str) -> Any:  # lark leaves its tables untyped
    return grammar().parse_interactive("", start=start).parser_state.parse_conf.parse_table


def _begin(start: str) -> list[int]:
    return [_table(start).start_states[start]]


def _walk(stack: list[int], words: Sequence[Token]) -> tuple[int, list[int]]:
    """Return the first index that is refused and the states before it; beyond the end if all is taken."""
    for index, token in enumerate(words):
        before = list(stack)
        if not _shift(stack, token.type):
            return index, before
    before = list(stack)
    return (len(words) + 1, stack) if _shift(stack, "$END") else (len(words), before)


def _shift(stack: list[int], kind: str) -> bool:
    """Take one token in place, by all reductions that it brings; whether it fits. `$END` has to finish the tree."""
    states = _states()
    while True:
        action = states[stack[-1]].get(kind)
        if action is None:
            return False
        if action[0] is Shift:
            stack.append(action[1])
            return True
        rule = action[1]
        if rule.expansion:
            del stack[-len(rule.expansion) :]
        stack.append(states[stack[-1]][rule.origin.name][1])
        if kind == "$END" and stack[-1] in _ends():
            return True


def _fits(stack: Sequence[int], kind: str) -> bool:
    return _shift(list(stack), kind)


def _expected(stack: Sequence[int]) -> frozenset[str]:
    return frozenset(kind for kind in _states()[stack[-1]] if kind.isupper() or kind == "$END" if _fits(stack, kind))


@cache
def _ends() -> frozenset[int]:
    table = _table("statement")
    return frozenset(table.end_states.values())
