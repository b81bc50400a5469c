"""Where the cursor stands, from the words before it alone: what is being typed can seldom be parsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lark import Token

from sess.compiler.chunks import DEFINING, KEYWORDS, SECTIONS
from sess.compiler.diagnostics import Reporter
from sess.compiler.lexer import lex
from sess.compiler.source import Source
from sess.compiler.tree import SectionName

_OPERATORS = ("PIPE", "PLUS", "MINUS", "AND", "AMPERSAND")
_OPENERS = {"LPAR": "(", "LSQB": "["}


class State(StrEnum):
    """What may come where the cursor stands."""

    STATEMENT = "statement"
    NAME = "name"
    KEY = "key"
    VALUE = "value"
    SPACE = "space"
    STRING = "string"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Frame:
    """An open bracket: the call's word (empty for a group or list), and which argument is being typed."""

    opener: str
    word: str
    is_piped: bool
    index: int = 0
    label: str | None = None
    labels: tuple[str, ...] = ()
    starts_with: str = ""
    """The type of the first token inside, empty where there is none yet."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a text: `prefix` is the part of a word before it, which begins at `start`."""

    prefix: str
    start: int
    state: State
    keyword: str = ""
    section: SectionName | None = None
    key: str = ""
    frames: tuple[Frame, ...] = ()
    is_stage: bool = False


def cursor_at(text: str, offset: int) -> Cursor:
    """Return where an offset of a text stands."""
    before = text[:offset]
    line = before[before.rfind("\n") + 1 :]
    inside = _open_quote(line)
    if inside == "#":
        return Cursor("", offset, State.NOTHING)
    lexed = lex(Source("", before), Reporter())
    tokens = list(lexed.tokens) if lexed else []
    prefix, start = "", offset
    if inside == '"':
        start = before.rfind("\n") + 1 + _last_quote(line)
        tokens = [each for each in tokens if (each.start_pos or 0) < start]
        return replace(_place(tokens, offset, before), prefix=before[start + 1 :], start=start + 1, state=State.STRING)
    if tokens and tokens[-1].end_pos == offset and (tokens[-1][0].isalnum() or tokens[-1][0] == "_"):
        prefix, start = str(tokens[-1]), tokens[-1].start_pos or 0
        tokens = tokens[:-1]
    return replace(_place(tokens, start, before), prefix=prefix, start=start)


def _open_quote(line: str) -> str:
    """Return `#` in a comment, a quote in a string that is open, else nothing."""
    is_open, i = False, 0
    while i < len(line):
        if line[i] == "#" and not is_open:
            return "#"
        if line[i] == '"':
            is_open = not is_open
        elif line[i] == "\\" and is_open:
            i += 1
        i += 1
    return '"' if is_open else ""


def _last_quote(line: str) -> int:
    found, i = -1, 0
    while i < len(line):
        if line[i] == '"':
            found = i
        i += 1 + (line[i] == "\\")
    return found


def _place(tokens: Sequence[Token], start: int, text: str) -> Cursor:
    """Return the place behind tokens: in which statement, entry and brackets."""
    begins = next((i for i in range(len(tokens) - 1, -1, -1) if _begins(tokens, i)), None)
    body = tokens[begins:] if begins is not None else []
    is_fresh = not tokens or "\n" in text[tokens[-1].end_pos or 0 : start]
    statement = Cursor("", start, State.STATEMENT)
    if not body:
        return statement
    keyword = str(body[0])
    if keyword in SECTIONS:
        section = SectionName(keyword)
        inner = list(body[2:])
        if len(body) < 2 or any(each.type == "RBRACE" for each in inner):
            return statement
        entry = next((i for i in range(len(inner) - 1, 0, -1) if _is_assigned(inner, i - 1, i)), None)
        if entry is None:
            return Cursor("", start, State.KEY, keyword, section)
        value = inner[entry + 1 :]
        key = str(inner[entry - 1]).strip('"')
        return _value(value, Cursor("", start, State.VALUE, keyword, section, key), is_fresh=True, after=State.KEY)
    if keyword not in DEFINING:
        return statement if is_fresh and len(body) > 1 else Cursor("", start, State.NAME, keyword)
    if len(body) < 3:
        return Cursor("", start, State.NAME, keyword)
    value = list(body[3:])
    spaces = [i for i, each in enumerate(value) if each == "in"] if keyword == "param" else []
    state = State.SPACE if spaces else State.VALUE
    value = value[spaces[0] + 1 :] if spaces else value
    return _value(value, Cursor("", start, state, keyword), is_fresh=is_fresh, after=State.STATEMENT)


def _begins(tokens: Sequence[Token], i: int) -> bool:
    """Whether a statement begins at a token."""
    word = str(tokens[i])
    if word not in KEYWORDS:
        return False
    following = tokens[i + 1].type if i + 1 < len(tokens) else ""
    if word in SECTIONS:
        return following == "LBRACE"
    is_first = i == 0 or tokens[i].line != tokens[i - 1].line
    assigned = tokens[i + 2].type == "EQUAL" if i + 2 < len(tokens) else True
    return is_first and following not in ("EQUAL", "COMMA", "RPAR") and (word not in DEFINING or assigned)


def _is_assigned(tokens: Sequence[Token], key: int, equal: int) -> bool:
    """Whether `key =` of an entry stands here, outside of all brackets."""
    if tokens[equal].type != "EQUAL":
        return False
    depth = 0
    for token in tokens[:key]:
        depth += (token.type in _OPENERS) - (token.type in ("RPAR", "RSQB"))
    return depth <= 0


def _value(tokens: Sequence[Token], at: Cursor, *, is_fresh: bool, after: State) -> Cursor:
    """Return the place behind the words of a value; `after` is what may come once it is complete."""
    frames: list[Frame] = []
    for i, token in enumerate(tokens):
        if frames and not frames[-1].starts_with and token.type not in ("RPAR", "RSQB"):
            frames[-1] = replace(frames[-1], starts_with=token.type)
        if token.type in _OPENERS:
            is_call = token.type == "LPAR" and i > 0 and tokens[i - 1].isidentifier()
            piped = is_call and i > 1 and tokens[i - 2].type == "PIPE"
            frames.append(Frame(_OPENERS[token.type], str(tokens[i - 1]) if is_call else "", piped))
        elif token.type in ("RPAR", "RSQB"):
            frames = frames[:-1]
        elif token.type == "COMMA" and frames:
            frames[-1] = replace(frames[-1], index=frames[-1].index + 1, label=None)
        elif token.type == "EQUAL" and frames and i:
            label = str(tokens[i - 1])
            frames[-1] = replace(frames[-1], label=label, labels=(*frames[-1].labels, label))
    last = tokens[-1] if tokens else None
    is_open = last is None or last.type in (*_OPERATORS, *_OPENERS, "COMMA", "EQUAL") or last == ">>"
    if not is_open and not frames:
        return Cursor("", at.start, after if is_fresh else State.NOTHING, at.keyword, at.section)
    is_stage = last is not None and last == ">>"
    return replace(at, frames=tuple(frames), is_stage=is_stage) if is_open else replace(at, state=State.NOTHING)
