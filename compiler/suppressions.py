"""Comments `# sess: ignore[S901] reason`, which hide warnings on their line, or on the next one if they stand alone.

Only warnings can be hidden: a spec with an error has no meaning that could be compiled, so hiding one would be unsound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.comments import comments
from sess.compiler.diagnostics import Code, Diagnostic, Edit, Fix, Severity
from sess.compiler.misspelt import respelling
from sess.compiler.similar import did_you_mean
from sess.compiler.source import Source, Span

MOST_COMMENTS = 1_000
_MARK = re.compile(r"#\s*sess:\s*ignore\b\s*(?P<list>\[(?P<codes>[^\]]*)\])?")
_WORD = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class _Ignored:
    """One code that a comment hides on one line; `comment` is the whole comment."""

    code: Code
    line: int
    word: Span
    comment: Span
    is_only: bool


@dataclass(frozen=True, slots=True)
class Heeded:
    """The findings that are left, with what is wrong with the comments; and those that comments hide."""

    kept: tuple[Diagnostic, ...]
    hidden: tuple[Diagnostic, ...]


def heed(own: Source, sources: Iterable[Source], found: Sequence[Diagnostic]) -> Heeded:
    """Sort the findings by the comments that hide some of them.

    A comment in an imported file may be meant for another spec, so only those of the spec's `own` text can be unused.
    """
    ignored: list[_Ignored] = []
    unclear: list[Diagnostic] = []
    for each in (mark for source in sources for mark in _read(source)):
        if isinstance(each, _Ignored):
            ignored.append(each)
        else:
            unclear.append(each)
    marked = {(mark.code, mark.word.source.name, mark.line) for mark in ignored}
    hidden = tuple(each for each in found if _place(each) in marked)
    kept = [each for each in found if each not in hidden]
    if not any(each.code.severity is Severity.ERROR for each in found):  # else many warnings aren't looked for
        places = set(map(_place, found))
        unused = (mark for mark in ignored if (mark.code, mark.word.source.name, mark.line) not in places)
        unclear += [_unused(mark) for mark in unused if mark.word.source == own]
    return Heeded(tuple(sorted([*kept, *unclear], key=_order)), hidden)


def _order(found: Diagnostic) -> tuple[str, int, int]:
    return found.span.source.name, found.span.start, found.span.end


def _place(found: Diagnostic) -> tuple[Code, str, int]:
    return found.code, found.span.source.name, found.span.first.line


def _read(source: Source) -> Iterator[_Ignored | Diagnostic]:
    lines = _lines(source)
    count = 0
    for comment in comments(source):
        mark = _MARK.match(comment.text)
        if mark is None:
            continue
        count += 1
        if count > MOST_COMMENTS:
            message = f"more than {MOST_COMMENTS} comments hide findings; the rest is not read"
            yield Diagnostic(codes.UNCLEAR_SUPPRESSION, message, Span(source, comment.start, comment.start + 1))
            return
        whole = Span(source, comment.start, comment.start + len(comment.text))
        words = list(_WORD.finditer(mark["codes"] or ""))
        if not words:
            message = "the comment says no code that it hides"
            helps = ("write `# sess: ignore[S901] reason`; `sess rules` lists the codes",)
            yield Diagnostic(codes.UNCLEAR_SUPPRESSION, message, whole, help=helps)
        for word in words:
            start = comment.start + mark.start("codes") + word.start()
            line = lines[source.position(comment.start).line]
            yield _one(word[0], Span(source, start, start + len(word[0])), whole, line, is_only=len(words) == 1)


def _one(word: str, at: Span, comment: Span, line: int, *, is_only: bool) -> _Ignored | Diagnostic:
    known = {text: code for code in codes.ALL for text in (code.number, code.name)}
    code = known.get(word) or known.get(word.upper())
    if code is None:
        hideable = [text for text, each in known.items() if each.severity is Severity.WARNING]
        return Diagnostic(
            codes.UNCLEAR_SUPPRESSION, f"there is no code `{word}`", at, help=did_you_mean(word, hideable),
            fixes=respelling(word, at, hideable),
        )  # fmt: skip
    if code.severity is Severity.ERROR:
        message = f"`{word}` is an error, which can't be hidden"
        helps = ("a spec with an error has no meaning that could be compiled: mend it",)
        return Diagnostic(codes.UNCLEAR_SUPPRESSION, message, at, help=helps)
    return _Ignored(code, line, at, comment, is_only)


def _lines(source: Source) -> list[int]:
    """Return for each line, by its number, the one that a comment in it speaks of: the next that is more than one."""
    found = list(range(len(source.line_starts) + 1))
    for number in range(len(found) - 2, 0, -1):
        text = source.line(number).strip()
        if not text or text.startswith("#"):
            found[number] = found[number + 1]
    return found


def _unused(mark: _Ignored) -> Diagnostic:
    message = f"nothing here has the code `{mark.word.text}`, so there is nothing to hide"
    fixes: tuple[Fix, ...] = ()
    if mark.is_only:
        start = mark.comment.start
        text = mark.comment.source.text
        while start and text[start - 1] in " \t":
            start -= 1
        fixes = (Fix("leave the comment out", (Edit(Span(mark.comment.source, start, mark.comment.end), ""),)),)
    return Diagnostic(codes.UNUSED_SUPPRESSION, message, mark.word, fixes=fixes)
