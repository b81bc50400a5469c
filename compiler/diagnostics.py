"""What the compiler tells users: codes, diagnostics with labels and fixes, and the reporter that collects them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from sess.compiler.source import Span

_LONGEST = 600  # characters of a message
_BREAK = re.compile(r"\s*[\r\n]\s*")


class Severity(StrEnum):
    """How bad a finding is; only errors make a check fail."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """A stable code of one kind of finding, such as S301 `row-meets-seq`, and what it means in one line."""

    number: str
    name: str
    summary: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Label:
    """A place that matters beside the primary one, with a short text."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text under a span."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that would mend the finding; `is_safe` if they may be applied without a person looking."""

    title: str
    edits: tuple[Edit, ...]
    is_safe: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a message at a place, what else matters, and what would mend it."""

    code: Code
    message: str
    span: Span
    label: str = ""
    labels: tuple[Label, ...] = ()
    help: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


class TooManyFindings(Exception):
    """A reporter is full: nobody reads on, so nothing more is looked for."""


class Reporter:
    """Collect findings; the same code at the same place is kept once. More than `most` raise TooManyFindings."""

    def __init__(self, most: int | None = None) -> None:
        self._found: dict[tuple[str, str, int, int], Diagnostic] = {}
        self._most = most

    def report(self, diagnostic: Diagnostic) -> None:
        """Keep a finding."""
        span = diagnostic.span
        key = (diagnostic.code.number, span.source.name, span.start, span.end)
        if key in self._found:
            return
        if self._most is not None and len(self._found) >= self._most:
            raise TooManyFindings
        self._found[key] = _shown(diagnostic)

    def error(
        self,
        code: Code,
        message: str,
        span: Span,
        *,
        label: str = "",
        labels: Iterable[Label] = (),
        help: str | Iterable[str] = (),
        fixes: Iterable[Fix] = (),
    ) -> None:
        """Report a finding of this code; warnings come the same way, their code knows that they are."""
        helps = (help,) if isinstance(help, str) and help else tuple(help)
        self.report(Diagnostic(code, message, span, label, tuple(labels), helps, tuple(fixes)))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings by file, place and code."""
        return tuple(
            sorted(self._found.values(), key=lambda d: (d.span.source.name, d.span.start, d.span.end, d.code.number))
        )

    @property
    def has_syntax_errors(self) -> bool:
        """Whether something couldn't be parsed, so that what seems to be missing may only be misspelt."""
        return any(d.code.number.startswith("S1") for d in self._found.values())

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(d.code.severity is Severity.ERROR for d in self._found.values())


def _shown(found: Diagnostic) -> Diagnostic:
    """Return a finding whose words fit a screen and can't steer it: names and texts in them are anyone's."""
    words = (found.message, found.label, *(label.text for label in found.labels), *found.help)
    if all(len(text) <= _LONGEST and text.isprintable() for text in (*words, *(fix.title for fix in found.fixes))):
        return found
    return replace(
        found,
        message=printable(found.message),
        label=printable(found.label),
        labels=tuple(replace(label, text=printable(label.text)) for label in found.labels),
        help=tuple(map(printable, found.help)),
        fixes=tuple(replace(fix, title=printable(fix.title)) for fix in found.fixes),
    )


def printable(text: str) -> str:
    """Return a text in one line without control characters, its middle left out if it is very long."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST * 3 // 4]} … {text[-_LONGEST // 4 :]}"
    text = _BREAK.sub(" ", text)
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


class CompilerBug(Exception):
    """Something that cannot happen did: a mistake of ours, not of the user."""
