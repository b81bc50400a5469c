"""Findings for people: the line, what is wrong under it, what else matters, and the line as it could be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sess.compiler.diagnostics import Diagnostic, Edit, Fix, Severity
from sess.compiler.report.paint import Paint
from sess.compiler.source import Source, Span

TAB = "    "
WIDEST = 400  # characters; a longer line is shown in part


@dataclass(frozen=True, slots=True)
class Mark:
    """A label under one line: columns from 0, end exclusive."""

    start: int
    end: int
    text: str
    is_primary: bool


def render(diagnostics: Sequence[Diagnostic], paint: Paint) -> str:
    """Return all findings with a line of counts; an empty text if there are none."""
    if not diagnostics:
        return ""
    parts = [_finding(each, paint) for each in diagnostics]
    return "\n\n".join([*parts, summary(diagnostics)]) + "\n"


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many errors and warnings there are: `2 errors, 1 warning`."""
    severities = [each.code.severity for each in diagnostics]
    counts = [(severities.count(severity), severity.value) for severity in Severity]
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)


def _finding(found: Diagnostic, paint: Paint) -> str:
    severity = found.code.severity
    head = paint.severity(severity, f"{severity.value}[{found.code.number}]") + paint.bold(f": {found.message}")
    marks = [(found.span, found.label, True), *((label.span, label.text, False) for label in found.labels)]
    sources = list(dict.fromkeys(span.source for span, _, _ in marks))
    gutter = max(len(str(_line_of(span))) for span, _, _ in marks)
    lines = [head]
    for index, source in enumerate(sources):
        own = [(span, text, is_primary) for span, text, is_primary in marks if span.source == source]
        at = own[0][0].first
        arrow = "-->" if index == 0 else ":::"
        lines.append(f"{' ' * gutter}{paint.frame(arrow)} {source.name}:{at.line}:{at.column}")
        lines += _excerpt(source, own, gutter, severity, paint)
    titles = {_heading(fix, found.help) for fix in found.fixes}
    lines += [f"{paint.help('help')}: {text}" for text in found.help if text not in titles]
    for fix in found.fixes[:1]:
        lines += _suggestion(fix, _heading(fix, found.help), gutter, paint)
    return "\n".join(lines)


def _heading(fix: Fix, helps: Sequence[str]) -> str:
    """Return the title of a fix; the question that asks for the same word, where the finding asks one."""
    question = f"did you mean {fix.title.removeprefix('write ')}?"
    return question if question in helps else fix.title


def _line_of(span: Span) -> int:
    return span.first.line


def _excerpt(
    source: Source, marks: Sequence[tuple[Span, str, bool]], gutter: int, severity: Severity, paint: Paint
) -> list[str]:
    """Return the marked lines of one source, with what stands under them."""
    by_line: dict[int, list[Mark]] = {}
    for span, text, is_primary in marks:
        line = _line_of(span)
        shown = source.line(line)
        start = span.first.column - 1
        end = span.last.column - 1 if span.last.line == line else len(shown)
        by_line.setdefault(line, []).append(_widened(shown, Mark(start, max(end, start + 1), text, is_primary)))
    bar = paint.frame(f"{' ' * gutter} |")
    lines, before = [bar], None
    for number in sorted(by_line):
        if before is not None and number > before + 1:
            lines.append(paint.frame("..."))
        text, marked = _clipped(_plain(source.line(number).replace("\t", TAB)), by_line[number])
        lines.append(f"{paint.frame(f'{number:>{gutter}} |')} {text}")
        lines += [f"{bar} {under}".rstrip() for under in _under(marked, severity, paint)]
        before = number
    return lines


def _plain(line: str) -> str:
    """Return a line whose control characters are pictures of them, as wide: they would steer the terminal."""
    if line.isprintable():
        return line
    return "".join(chr(0x2400 + ord(letter)) if letter < " " else letter if letter.isprintable() else "�"
                   for letter in line)  # fmt: skip


def _clipped(line: str, marks: Sequence[Mark]) -> tuple[str, list[Mark]]:
    """Return the part of a very long line that is marked first, and the marks as they stand in it."""
    if len(line) <= WIDEST:
        return line, list(marks)
    start = max(0, min(mark.start for mark in marks) - WIDEST // 4)
    text = ("…" if start else "") + line[start + bool(start) : start + WIDEST]
    moved = [replace(mark, start=mark.start - start, end=min(mark.end - start, WIDEST)) for mark in marks]
    return text + ("…" if start + WIDEST < len(line) else ""), [mark for mark in moved if mark.start < mark.end]


def _widened(line: str, mark: Mark) -> Mark:
    """Return the mark in columns of the shown line, in which tabs are wider."""
    start = len(line[: mark.start].replace("\t", TAB)) + max(0, mark.start - len(line))
    width = max(1, len(line[mark.start : mark.end].replace("\t", TAB)))
    return Mark(start, start + width, mark.text, mark.is_primary)


def _under(marks: Sequence[Mark], severity: Severity, paint: Paint) -> list[str]:
    """Return the lines under a line: carets and dashes, the rightmost text beside them, the others hanging below."""
    order = sorted(marks, key=lambda mark: (mark.start, mark.is_primary))

    def colour(mark: Mark, text: str) -> str:
        return paint.severity(severity, text) if mark.is_primary else paint.frame(text)

    row: list[str] = [" "] * max(mark.end for mark in order)
    for mark in sorted(order, key=lambda mark: mark.is_primary):
        for column in range(mark.start, mark.end):
            row[column] = colour(mark, "^" if mark.is_primary else "-")
    last = order[-1]
    hanging = [mark for mark in order[:-1] if mark.text]
    is_clear = all(mark.end <= last.start for mark in order[:-1])
    if last.text and not is_clear:
        hanging.append(last)
    first = "".join(row) + (f" {colour(last, last.text)}" if last.text and is_clear else "")
    lines = [first]
    if hanging:
        lines.append(_hooks(hanging, colour))
    while hanging:
        mark = hanging.pop()
        left = _hooks(hanging, colour, upto=mark.start)
        lines.append(left + colour(mark, mark.text))
    return lines


def _hooks(marks: Sequence[Mark], colour: object, upto: int | None = None) -> str:
    cells: list[str] = []
    for mark in marks:
        if mark.start >= len(cells):
            cells += [" "] * (mark.start - len(cells)) + [colour(mark, "|")]  # type: ignore[operator]
    if upto is not None:
        cells = cells[:upto] + [" "] * (upto - len(cells))
    return "".join(cells)


def _suggestion(fix: Fix, title: str, gutter: int, paint: Paint) -> list[str]:
    """Return the lines as a fix would leave them, marked where they change."""
    lines = [f"{paint.help('help')}: {title}", paint.frame(f"{' ' * gutter} |")]
    by_line: dict[int, list[Edit]] = {}
    for edit in fix.edits:
        is_one_line = edit.span.first.line == edit.span.last.line and "\n" not in edit.replacement
        line = edit.span.source.line(edit.span.first.line)
        if not is_one_line or len(line) > WIDEST:
            return lines[:1]
        by_line.setdefault(edit.span.first.line, []).append(edit)
    for number, edits in sorted(by_line.items()):
        text, under = _edited(edits[0].span.source.line(number), edits)
        lines.append(f"{paint.frame(f'{number:>{gutter}} |')} {text}")
        lines.append(f"{paint.frame(' ' * gutter + ' |')} {paint.added(under)}".rstrip())
    return lines


def _edited(line: str, edits: Iterable[Edit]) -> tuple[str, str]:
    """Return a line after its edits, and the marks under it: `+` for what is added, `~` for what is replaced."""
    text, under, at = "", "", 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        start, end = edit.span.first.column - 1, edit.span.last.column - 1
        kept = line[at:start].replace("\t", TAB)
        text, under = text + kept + edit.replacement, under + " " * len(kept)
        under += ("~" if end > start else "+") * len(edit.replacement)
        at = end
    return text + line[at:].replace("\t", TAB), under
