"""Colours of a terminal, or none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO

from sess.compiler.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Paint:
    """ANSI colours where `is_on`."""

    is_on: bool

    @classmethod
    def of(cls, stream: TextIO) -> Paint:
        """Return colours for a terminal, none for a file, a pipe, or where NO_COLOR is set."""
        is_terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        return cls(is_terminal and not os.environ.get("NO_COLOR"))

    def severity(self, severity: Severity, text: str) -> str:
        """Red for errors, yellow for warnings."""
        return self._with("1;31" if severity is Severity.ERROR else "1;33", text)

    def bold(self, text: str) -> str:
        """Bold."""
        return self._with("1", text)

    def frame(self, text: str) -> str:
        """Blue: line numbers, bars and secondary labels."""
        return self._with("1;34", text)

    def help(self, text: str) -> str:
        """Cyan."""
        return self._with("1;36", text)

    def added(self, text: str) -> str:
        """Green."""
        return self._with("32", text)

    def faint(self, text: str) -> str:
        """Grey."""
        return self._with("2", text)

    def _with(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_on and text.strip() else text
