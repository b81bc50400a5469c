"""What the words of an argument mean where only columns can be meant: in the `data` section."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.block import Kind, Pipe, Selection
from sess.compiler.diagnostics import Reporter
from sess.compiler.passes.resolve import Resolved
from sess.compiler.registry import Registry
from sess.compiler.selectors import Picked, Selector
from sess.compiler.similar import listing
from sess.compiler.source import Source
from sess.compiler.tree import Broken, Expression, ListOf, Literal, Name
from sess.compiler.types import Level


@dataclass(frozen=True, slots=True)
class ColumnScope:
    """A scope of params and columns; columns have no level yet."""

    reporter: Reporter
    registry: Registry
    resolved: Resolved
    selector: Selector

    @property
    def home(self) -> Source:
        """The spec's own file."""
        return self.resolved.name.span.source

    def constant(self, name: Name) -> Literal | ListOf | Broken | None:
        """Return the value of a param; None if the name is none."""
        return self.resolved.params.get(name.text)

    def select(self, expression: Expression, owner: str, *, is_single: bool, kind: Kind | None) -> Selection | None:
        """Return the selected columns, their level left open."""
        picked = self.selector.pick(expression)
        if picked is None or (is_single and not is_one(picked, expression, owner, self.reporter)):
            return None
        return Selection(picked.names, Level.CATALOGUE if picked.is_catalogue else Level.SESSION)

    def table(self, expression: Expression, owner: str) -> str | None:
        """Report: no table can be meant here."""
        return self._no(expression, owner, "table")

    def tower(self, expression: Expression, owner: str) -> str | None:
        """Report: no Tower can be meant here."""
        return self._no(expression, owner, "Tower")

    def head(self, expression: Expression, owner: str) -> str | None:
        """Report: no head can be meant here."""
        return self._no(expression, owner, "head")

    def slice(self, expression: Expression) -> str | None:
        """Report: no slice can be meant here."""
        return self._no(expression, "it", "slice")

    def pipe(self, expression: Expression, owner: str) -> Pipe | None:
        """Report: no pipe can be meant here."""
        self._no(expression, owner, "pipe")
        return None

    def _no(self, expression: Expression, owner: str, what: str) -> str | None:
        self.reporter.error(codes.WRONG_VALUE, f"{owner} can't be a {what} here", expression.span)
        return None


def is_one(picked: Picked, expression: Expression, owner: str, reporter: Reporter) -> bool:
    """Whether a selection is one column, as is wanted; reported if it isn't."""
    if len(picked.names) == 1:
        return True
    message = (
        f"{owner} wants one column, and `{expression.span.text}` selects {len(picked.names)}: {listing(picked.names)}"
    )
    reporter.error(codes.ONE_COLUMN, message, expression.span, help=f"name one of them: `{picked.names[0]}`")
    return False
