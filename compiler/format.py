"""The one form of a spec: keywords, names and `=` of neighbours aligned, long lines broken, comments kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sess.compiler.comments import Item, Placed, comments, place
from sess.compiler.diagnostics import Reporter
from sess.compiler.frames import deep
from sess.compiler.layout import STEP, WIDTH, Comments, claims, flat, lay, trailing
from sess.compiler.parse import parse
from sess.compiler.source import Source, Span
from sess.compiler.tree import (
    Definition,
    Entry,
    ImportStatement,
    ParamStatement,
    SchemaStatement,
    Section,
    Spec,
    SpecStatement,
    Statement,
)

_NAMED = (Definition, ParamStatement)


def format_source(source: Source, reporter: Reporter) -> str | None:
    """Return the text in its one form; None if it can't be parsed (reported).

    Lines end as the first one does. A byte order mark goes.
    """
    heard = Reporter()
    spec = parse(source, heard)
    for each in heard.diagnostics:
        reporter.report(each)
    if heard.has_errors:
        return None
    with deep():
        text = "".join(f"{line}\n" for line in _file(spec))
    return text.replace("\n", "\r\n") if _ends_in_crlf(source.text) else text


def _ends_in_crlf(text: str) -> bool:
    first = text.find("\n")
    return first > 0 and text[first - 1] == "\r"


def _file(spec: Spec) -> list[str]:
    text, statements = spec.source.text, spec.statements
    spans = [each.span for each in statements]
    placed = place(text, comments(spec.source), spans, lambda i, at: _claims(statements[i], at))
    lines = _Lines(text)
    for run in _runs(text, spans, placed, lambda *pair: all(isinstance(statements[i], _NAMED) for i in pair)):
        shape = _shape([statements[i] for i in run])
        for i in run:
            found = placed.items[i]
            lines.before(found, spans[i].start, 0)
            lines.add(_statement(statements[i], found.inside, shape), found.behind)
    lines.comments(placed.ending, 0)
    return lines.made


class _Lines:
    """Lines being made; a blank one stands where the text has any, but not at the start."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.made: list[str] = []
        self._first = 0

    def open(self, line: str) -> None:
        """Add a line behind which no blank one may stand."""
        self.made.append(line)
        self._first = len(self.made)

    def before(self, found: Item, start: int, indent: int) -> None:
        """Add what stands above an item that begins at an offset of the text."""
        self.comments(found.before, indent)
        self._blank(start)
        self.made += [" " * indent + each.text for each in found.hoisted]

    def add(self, laid: Sequence[str], behind: Comments) -> None:
        """Add an item's lines, and what stands behind it."""
        self.made += [*laid[:-1], laid[-1] + trailing(behind)]

    def comments(self, found: Comments, indent: int) -> None:
        """Add comments on lines of their own."""
        for each in found:
            self._blank(each.start)
            self.made.append(" " * indent + each.text)

    def _blank(self, start: int) -> None:
        if _begins_paragraph(self._text, start) and len(self.made) > self._first:
            self.made.append("")


@dataclass(frozen=True, slots=True)
class _Shape:
    """The widths that neighbours share."""

    keyword: int
    name: int
    value: int


def _runs(
    text: str, spans: Sequence[Span], placed: Placed, are_alike: Callable[[int, int], bool]
) -> Iterator[list[int]]:
    """Yield the places of neighbours that are aligned with each other: no blank line stands between them."""
    run: list[int] = []
    for i, (span, found) in enumerate(zip(spans, placed.items, strict=True)):
        starts = [*(each.start for each in found.before), span.start]
        if run and (not are_alike(i - 1, i) or any(_begins_paragraph(text, start) for start in starts)):
            yield run
            run = []
        run.append(i)
    if run:
        yield run


def _begins_paragraph(text: str, start: int) -> bool:
    """Whether a blank line stands right before an offset."""
    breaks = 0
    while start and text[start - 1] in " \t\r\n":
        start -= 1
        breaks += text[start] == "\n"
    return breaks > 1


def _shape(statements: Sequence[Statement]) -> _Shape:
    named = [each for each in statements if isinstance(each, (Definition, ParamStatement))]
    spaced = [each for each in named if isinstance(each, ParamStatement) and each.space is not None]
    return _Shape(
        max((len(_keyword(each)) for each in named), default=0),
        max((len(each.name.text) for each in named), default=0),
        max((len(flat(each.value)) for each in spaced), default=0),
    )


def _keyword(statement: Definition | ParamStatement) -> str:
    return statement.kind.value if isinstance(statement, Definition) else "param"


def _claims(statement: Statement | Entry, offset: int) -> bool:
    match statement:
        case Definition(value=value) | Entry(value=value):
            return claims(value, offset)
        case ParamStatement(value=value, space=space):
            return claims(value, offset) or (space is not None and claims(space, offset))
        case Section():
            return True
    return False


def _statement(statement: Statement, kept: Comments, shape: _Shape) -> list[str]:
    match statement:
        case SpecStatement(name=name, title=title, span=span):
            last = span.source.text[name.span.end : span.end].split("\n")[-1]  # a title is the end of its statement
            return [f"spec {name.text}{'' if title is None else ' ' + last.strip()}"]
        case SchemaStatement(path=path, is_catalogue=is_catalogue):
            return [f"schema {path.span.text}{' for catalogue' if is_catalogue else ''}"]
        case ImportStatement(path=path):
            return [f"import {path.span.text}"]
        case Section():
            return _section(statement, kept)
        case Definition() | ParamStatement():
            return _definition(statement, kept, shape)


def _definition(statement: Definition | ParamStatement, kept: Comments, shape: _Shape) -> list[str]:
    head = f"{_keyword(statement):{shape.keyword}} {statement.name.text:{shape.name}} = "
    space = statement.space if isinstance(statement, ParamStatement) else None
    if space is None:
        return _joined(head, lay(statement.value, kept, 0, len(head)))
    of_value = tuple(each for each in kept if claims(statement.value, each.start))
    lines = _joined(head, lay(statement.value, of_value, 0, len(head), len(" in")))
    last = f"{lines[-1]:{len(head) + shape.value}} in " if len(lines) == 1 else f"{lines[-1]} in "
    of_space = tuple(each for each in kept if each not in of_value)
    return [*lines[:-1], *_joined(last, lay(space, of_space, 0, len(last)))]


def _joined(head: str, lines: list[str]) -> list[str]:
    return [head + lines[0], *lines[1:]]


def _section(section: Section, kept: Comments) -> list[str]:
    name, entries = section.name.value, section.entries
    if not kept and not entries:
        return [f"{name} {{}}"]
    if not kept and len(entries) == 1:
        line = f"{name} {{ {_key(entries[0])} = {flat(entries[0].value)} }}"
        if len(line) <= WIDTH:
            return [line]
    text = section.span.source.text
    spans = [each.span for each in entries]
    placed = place(text, kept, spans, lambda i, at: _claims(entries[i], at), section.span.start)
    lines = _Lines(text)
    lines.open(f"{name} {{{trailing(placed.opening)}")
    for run in _runs(text, spans, placed, lambda *_: True):
        width = max(len(_key(entries[i])) for i in run)
        for i in run:
            entry, found = entries[i], placed.items[i]
            lines.before(found, entry.span.start, STEP)
            head = f"{' ' * STEP}{_key(entry):{width}} = "
            lines.add(_joined(head, lay(entry.value, found.inside, STEP, len(head))), found.behind)
    lines.comments(placed.ending, STEP)
    return [*lines.made, "}"]


def _key(entry: Entry) -> str:
    return entry.key.span.text
