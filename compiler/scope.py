"""What the words of an argument mean at the place where it stands."""

from __future__ import annotations

from typing import Protocol

from sess.compiler.block import Kind, Pipe, Selection
from sess.compiler.diagnostics import Reporter
from sess.compiler.registry import Registry
from sess.compiler.source import Source
from sess.compiler.tree import Broken, Expression, ListOf, Literal, Name


class Scope(Protocol):
    """Everything wrong is reported by it."""

    @property
    def reporter(self) -> Reporter:
        """Where findings go."""

    @property
    def registry(self) -> Registry:
        """Where words are found."""

    @property
    def home(self) -> Source:
        """The spec's own file, whose folder all paths are relative to."""

    def constant(self, name: Name) -> Literal | ListOf | Broken | None:
        """Return the value of a `param`; None if the name is no param, Broken if its value is (reported)."""

    def select(self, expression: Expression, owner: str, *, is_single: bool, kind: Kind | None) -> Selection | None:
        """Return the columns of one level that an expression selects; None if it can't (reported)."""

    def table(self, expression: Expression, owner: str) -> str | None:
        """Return the name of a table; None if it names none (reported)."""

    def tower(self, expression: Expression, owner: str) -> str | None:
        """Return the node of a table or Tower; None if it is none (reported)."""

    def head(self, expression: Expression, owner: str) -> str | None:
        """Return the name of a head; None if it names none (reported)."""

    def slice(self, expression: Expression) -> str | None:
        """Return the name of a slice; None if it is none (reported)."""

    def pipe(self, expression: Expression, owner: str) -> Pipe | None:
        """Return a pipeline without its input; None if it is none (reported)."""
