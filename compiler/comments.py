"""The comments of a text, and where each belongs among the items of a list: before one, behind one, or at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sess.compiler.source import Source, Span

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*')


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#` to the end of its line, and where it begins."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Item:
    """What belongs to one item of a list.

    `before` are the comments on lines of their own; `hoisted` stood inside the item where no line can be kept for
    them, so they go above it; `inside` are those that an inner list of the item keeps; `behind` share its last line.
    """

    before: tuple[Comment, ...]
    hoisted: tuple[Comment, ...]
    inside: tuple[Comment, ...]
    behind: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """The comments of a list: beside what opens it, by item, and behind the last item."""

    opening: tuple[Comment, ...]
    items: tuple[Item, ...]
    ending: tuple[Comment, ...]


def comments(source: Source) -> tuple[Comment, ...]:
    """Return the comments of a text that can be parsed, in order."""
    found = _STRING_OR_COMMENT.finditer(source.text)
    return tuple(Comment(each[0].rstrip(), each.start()) for each in found if each[0][0] == "#")


def place(
    text: str,
    given: Iterable[Comment],
    spans: Sequence[Span],
    claims: Callable[[int, int], bool],
    opens: int | None = None,
) -> Placed:
    """Return where the comments of a list belong.

    `claims(i, offset)` says whether an inner list of the item keeps a comment at the offset; `opens` is where the
    list's opening word ends, None if it has none.
    """
    opening: list[Comment] = []
    ending: list[Comment] = []
    found: list[tuple[list[Comment], ...]] = [([], [], [], []) for _ in spans]
    at = 0
    for each in given:
        while at < len(spans) and spans[at].end <= each.start:
            at += 1
        before, hoisted, inside, _ = found[at] if at < len(spans) else (ending, [], [], [])
        if at < len(spans) and spans[at].start < each.start:
            (inside if claims(at, each.start) else hoisted).append(each)
        elif at and "\n" not in text[spans[at - 1].end : each.start]:
            found[at - 1][3].append(each)
        elif not at and opens is not None and "\n" not in text[opens : each.start]:
            opening.append(each)
        else:
            before.append(each)
    items = (Item(*(tuple(part) for part in parts)) for parts in found)
    return Placed(tuple(opening), tuple(items), tuple(ending))
