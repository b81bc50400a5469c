"""Progress of long work: a bar with an ETA on a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sess.compiler.diagnostics import printable


class Task(Protocol):
    """A piece of work that is under way."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Move on by some steps; the note stands behind the bar."""


class Progress(Protocol):
    """Where long work reports to."""

    def say(self, text: str) -> None:
        """Print one line."""

    def track(self, label: str, total: int) -> AbstractContextManager[Task]:
        """Return a context manager that gives a Task of `total` steps."""


def shown(text: str) -> None:
    """Print one line on stderr: names of columns and files are anyone's, and may hold what moves a cursor."""
    print(printable(text), file=sys.stderr, flush=True)


class LineProgress:
    """Plain lines: one when a task starts, one at most every ten seconds, one at its end with the time it took."""

    every_seconds = 10.0

    def say(self, text: str) -> None:
        """Print one line on stderr."""
        shown(text)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Task]:
        """Report a task by lines."""
        task = _LineTask(self, label, total)
        yield task
        self.say(f"{label}: {task.done} of {total}, {time.monotonic() - task.started:.1f} s{task.note}")


class _LineTask:
    def __init__(self, progress: LineProgress, label: str, total: int) -> None:
        self._progress, self._label, self._total = progress, label, total
        self.started = self._last = time.monotonic()
        self.done = 0
        self.note = ""

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.done += steps
        self.note = f", {note}" if note else self.note
        now = time.monotonic()
        if now - self._last >= LineProgress.every_seconds and self.done < self._total:
            self._last = now
            left = (now - self.started) / self.done * (self._total - self.done)
            self._progress.say(f"{self._label}: {self.done} of {self._total}, {left:.0f} s left{self.note}")


class BarProgress:
    """A bar with an ETA by rich."""

    def say(self, text: str) -> None:
        """Print one line on stderr."""
        shown(text)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Task]:
        """Report a task by a bar that stays when it is done."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
        )  # fmt: skip
        with Bars(*columns, console=Console(stderr=True)) as bars:
            yield _BarTask(bars, bars.add_task(label, total=total, note=""))


class _BarTask:
    def __init__(self, bars: object, key: object) -> None:
        self._bars, self._key = bars, key

    def advance(self, steps: int = 1, note: str = "") -> None:
        fields = {"note": note} if note else {}
        self._bars.update(self._key, advance=steps, **fields)  # type: ignore[attr-defined]


class Silent:
    """Says nothing: for work inside work that is reported already."""

    def say(self, text: str) -> None:
        """Print nothing."""

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Task]:
        """Report nothing."""
        yield _NoTask()


class _NoTask:
    def advance(self, steps: int = 1, note: str = "") -> None:
        pass


def progress() -> Progress:
    """Return bars on a terminal, lines elsewhere and under CI."""
    if sys.stderr.isatty() and not os.environ.get("CI"):
        return BarProgress()
    return LineProgress()
