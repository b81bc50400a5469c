"""Protobuf's text format as a tree with spans: enough of it for schema files, and bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sess.compiler.source import Source, Span

DEEPEST = 60
MOST_WORDS = 250_000

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*"""
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')"""
    r"""|(?P<word>\[[\w./ -]+\](?=\s*[:{<])|-?[\w.+-]+)"""
    r"""|(?P<mark>[{}<>\[\]:,;])"""
)
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}

Scalar = str | int | float | bool


class Unreadable(Exception):
    """The text is no text format: what is wrong, and where."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a field: a scalar or a message."""

    content: Scalar | Message
    span: Span


@dataclass(slots=True)
class Message:
    """The fields of a message by name; a repeated field has several values."""

    fields: dict[str, list[Value]] = field(default_factory=dict)

    def messages(self, name: str) -> Iterator[tuple[Message, Span]]:
        """Give the messages of a field."""
        for value in self.fields.get(name, ()):
            if isinstance(value.content, Message):
                yield value.content, value.span

    def message(self, name: str) -> Message:
        """Return the message of a field; an empty one if it isn't there."""
        return next((found for found, _ in self.messages(name)), Message())

    def scalar(self, name: str) -> Scalar | None:
        """Return the last scalar of a field; None if it isn't there."""
        found = [value.content for value in self.fields.get(name, ()) if not isinstance(value.content, Message)]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str
    span: Span


def read(source: Source) -> Message:
    """Return the message that the whole text is; Unreadable if it is none."""
    words = list(_words(source))
    top = Message()
    stack: list[tuple[Message, str, Span]] = [(top, "", Span(source, 0, 0))]
    at = 0
    while at < len(words):
        word = words[at]
        if word.text in ("}", ">") and word.kind == "mark":
            if len(stack) == 1 or stack[-1][1] != word.text:
                raise Unreadable(f"`{word.text}` closes nothing", word.span)
            stack.pop()
            at += 1
        elif word.text in (",", ";") and word.kind == "mark":
            at += 1
        else:
            at = _field(words, at, stack)
    if len(stack) > 1:
        raise Unreadable("the message is not closed", stack[-1][2])
    return top


def _words(source: Source) -> Iterator[_Word]:
    at = count = 0
    while at < len(source.text):
        found = _TOKEN.match(source.text, at)
        if found is None:
            raise Unreadable(f"`{source.text[at]}` has no meaning here", Span(source, at, at + 1))
        if found.lastgroup:
            count += 1
            if count > MOST_WORDS:
                raise Unreadable(f"it has more than {MOST_WORDS:,} words", Span(source, at, found.end()))
            yield _Word(found.lastgroup, found[0], Span(source, at, found.end()))
        at = found.end()


def _field(words: list[_Word], at: int, stack: list[tuple[Message, str, Span]]) -> int:
    """Read one field into the innermost message; return where to go on."""
    name = words[at]
    if name.kind != "word":
        raise Unreadable(f"`{name.text}` is no field", name.span)
    at += 1
    if at < len(words) and words[at].text == ":":
        at += 1
    if at >= len(words):
        raise Unreadable(f"the field `{name.text}` has no value", name.span)
    values = stack[-1][0].fields.setdefault(name.text, [])
    word = words[at]
    if word.kind == "mark" and word.text in "{<":
        if len(stack) > DEEPEST:
            raise Unreadable(f"messages nest deeper than {DEEPEST}", word.span)
        inner = Message()
        values.append(Value(inner, name.span))
        stack.append((inner, "}" if word.text == "{" else ">", name.span))
        return at + 1
    if word.text == "[" and word.kind == "mark":
        at += 1
        while at < len(words) and words[at].text != "]":
            if words[at].kind == "mark" and words[at].text != ",":
                raise Unreadable(f"`{words[at].text}` is no value of a list", words[at].span)
            if words[at].kind != "mark":
                values.append(Value(_scalar(words[at]), words[at].span))
            at += 1
        return at + 1
    if word.kind == "mark":
        raise Unreadable(f"the field `{name.text}` has no value", word.span)
    return _scalars(words, at, values)


def _scalars(words: list[_Word], at: int, values: list[Value]) -> int:
    """Read a scalar; strings side by side are one."""
    first = words[at]
    content, span = _scalar(first), first.span
    at += 1
    while first.kind == "string" and at < len(words) and words[at].kind == "string":
        content = f"{content}{_scalar(words[at])}"
        span = span.to(words[at].span)
        at += 1
    values.append(Value(content, span))
    return at


def _scalar(word: _Word) -> Scalar:
    if word.kind == "string":
        return _unescaped(word)
    text = word.text
    if text in ("true", "True", "t"):
        return True
    if text in ("false", "False", "f"):
        return False
    for number in (int, float):
        try:
            return number(text[:40])
        except ValueError:
            continue
    return text


def _unescaped(word: _Word) -> str:
    def letter(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return bytes([int(found[1], 16)])
        if found[2]:
            return bytes([int(found[2], 8) & 255])
        return _NAMED.get(found[3], found[3])

    try:
        return _ESCAPE.sub(letter, word.text[1:-1].encode()).decode()
    except UnicodeDecodeError:
        raise Unreadable("the string is not UTF-8", word.span) from None
