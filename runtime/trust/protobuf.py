"""Protobuf's wire format, read field by field: what is looked for is found without the library that wrote it."""

from __future__ import annotations

from collections.abc import Iterator

LONGEST_NUMBER = 10  # bytes of a varint
VARINT, EIGHT_BYTES, DELIMITED, FOUR_BYTES = 0, 1, 2, 5


class Malformed(Exception):
    """Bytes that are no message."""


def fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Give number and content of every field: bytes of a string or message, else the number; Malformed if it is none.

    Groups, which proto3 doesn't have, are refused: a parser that skips them would hide what stands in them.
    """
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _number(message, at)
            yield number, value
            continue
        if kind == DELIMITED:
            size, at = _number(message, at)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            size = 8 if kind == EIGHT_BYTES else 4
        else:
            raise Malformed(f"a field of kind {kind}")
        if number == 0 or at + size > len(message):
            raise Malformed("a field that ends behind its message")
        yield number, message[at : at + size]
        at += size


def children(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """Give the contents of all fields of a number that hold strings or messages."""
    for number, content in fields(message):
        if number == wanted:
            if isinstance(content, int):
                raise Malformed(f"field {number} is a number")
            yield content


def text(message: memoryview, wanted: int) -> str:
    """Return the string of a field, the last if there are several as parsers do; empty if there is none."""
    found = ""
    for content in children(message, wanted):
        found = bytes(content).decode("utf-8", "surrogateescape")
    return found


def _number(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(LONGEST_NUMBER):
        if at + place >= len(message):
            raise Malformed("a number that doesn't end")
        byte = message[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise Malformed("a number that is too long")
