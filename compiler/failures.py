"""How a command fails for a reason that isn't a finding in a spec: the message, what helps, and the exit code."""

from __future__ import annotations

from sess.compiler.diagnostics import printable


class Failure(Exception):
    """A command can't go on; `help` says what would mend it. Shown without a traceback."""

    exit_code = 4

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    @property
    def shown(self) -> str:
        """What the terminal says: one line each, since names in it are anyone's."""
        return f"error: {printable(self.message)}" + (f"\nhelp: {printable(self.help)}" if self.help else "")


class RunFailed(Failure):
    """Data, training or serving failed."""


class Misused(Failure):
    """The command line, the configuration, or a file that they name can't be used."""

    exit_code = 2


class Missing(Failure):
    """Something isn't installed; the message has the install line."""

    exit_code = 3
