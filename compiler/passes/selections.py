"""What columns, params, heads and slices mean in an argument, once every column has its level."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.block import Kind, Selection
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.misspelt import respelling
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.columns import is_one
from sess.compiler.passes.context import Context
from sess.compiler.registry import Registry
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Source
from sess.compiler.tree import Broken, Expression, ListOf, Literal, Name
from sess.compiler.tree import Kind as Keyword
from sess.compiler.types import MAIN_GROUP, Level

SLICES = ("length", "frequency")


class SelectionScope:
    """The part of a scope that needs no graph."""

    ctx: Context
    facts: Facts

    @property
    def reporter(self) -> Reporter:
        """Where findings go."""
        return self.ctx.reporter

    @property
    def registry(self) -> Registry:
        """Where words are found."""
        return self.ctx.registry

    @property
    def home(self) -> Source:
        """The spec's own file."""
        return self.facts.resolved.name.span.source

    def constant(self, name: Name) -> Literal | ListOf | Broken | None:
        """Return the value of a param; None if the name is none."""
        return self.facts.resolved.params.get(name.text)

    def select(self, expression: Expression, owner: str, *, is_single: bool, kind: Kind | None) -> Selection | None:
        """Return the selected columns; they are of one level and group, but for a table's, which share a domain."""
        picked = self.facts.selector.pick(expression)
        if picked is None:
            return None
        if is_single and kind is not Kind.TABLE and not is_one(picked, expression, owner, self.reporter):
            return None
        if picked.is_catalogue:
            is_sound = kind is not Kind.TABLE or is_one(picked, expression, owner, self.reporter)
            return Selection(picked.names, Level.CATALOGUE) if is_sound else None
        if kind is not Kind.HEAD and picked.names == (self.facts.session,) and not owner.endswith("of `features`"):
            message = f"`{self.facts.session}` is the session's key, which is never a feature"
            self.reporter.error(codes.KEY_COLUMN, message, expression.span)
            return None
        if kind is Kind.TABLE:
            return self._of_one_domain(picked.names, expression, owner)
        # The key and the time belong to every level: `features` skips them, so they don't decide.
        placed = [name for name in picked.names if name not in (self.facts.session, self.facts.time)]
        levels = {(self.facts.levels[name], self._group(name)) for name in placed}
        if len(levels) > 1:
            self._report_mixed(placed, expression, owner)
            return None
        if not levels:
            level = Level.STEP if self.facts.time in picked.names else Level.SESSION
            return Selection(picked.names, level, self.facts.group if level is Level.STEP else None)
        ((level, group),) = levels
        return Selection(picked.names, level, group)

    def _group(self, name: str) -> str | None:
        is_step = self.facts.levels[name] is Level.STEP
        return self.facts.groups.get(name, MAIN_GROUP) if is_step else None

    def _report_mixed(self, names: list[str], expression: Expression, owner: str) -> None:
        steps = [name for name in names if self.facts.levels[name] is Level.STEP]
        sessions = [name for name in names if self.facts.levels[name] is Level.SESSION]
        if steps and sessions:
            message = f"{owner} mixes columns of steps and of sessions"
            helps = [f"of every step: {listing(steps)}", f"of the session: {listing(sessions)}"]
        else:
            message = f"{owner} mixes columns of several groups"
            helps = [f"`{self._group(name) or 'the main group'}` has `{name}`" for name in steps]
        labels = [Label(self.facts.column(name).span, "here") for name in (*sessions[:1], *steps[:1])]
        self.reporter.error(codes.MIXED_COLUMNS, message, expression.span, help=helps, labels=labels)

    def _of_one_domain(self, names: tuple[str, ...], expression: Expression, owner: str) -> Selection | None:
        of = self.facts.domains.of
        lacking = [name for name in names if name not in of]
        if lacking:
            message = f"{owner} wants categories, and `{lacking[0]}` is {self.facts.column(lacking[0]).dtype.value}"
            self.reporter.error(codes.NO_DOMAIN, message, expression.span)
            return None
        domains = list(dict.fromkeys(of[name] for name in names))
        if len(domains) > 1:
            message = f"{owner} wants columns of one domain, and `{expression.span.text}` has {listing(domains)}"
            helps = f"join them: `domain name = {' + '.join(names)}`, or name one"
            self.reporter.error(codes.NO_DOMAIN, message, expression.span, help=helps)
            return None
        # Any column stands for its domain; a step column says most about it.
        first = next((name for name in names if self.facts.levels[name] is Level.STEP), names[0])
        return Selection((first,), self.facts.levels[first], self._group(first))

    def head(self, expression: Expression, owner: str) -> str | None:
        """Return the name of a head definition."""
        definitions = self.facts.resolved.definitions
        heads = [name for name, definition in definitions.items() if definition.kind is Keyword.HEAD]
        if isinstance(expression, Name) and expression.text in heads:
            return expression.text
        word = expression.span.text
        helps = did_you_mean(word, heads) or f"there is {listing(heads)}"
        self.reporter.error(codes.UNKNOWN_NAME, f"{owner} is a head, not `{word}`", expression.span, help=helps)
        return None

    def slice(self, expression: Expression) -> str | None:
        """Return the name of a slice: a fixed word or a session column."""
        if isinstance(expression, Name) and expression.text in SLICES:
            return expression.text
        levels = self.facts.levels
        known = [
            *SLICES,
            *(
                name
                for name, level in levels.items()
                if level is Level.SESSION and name != self.facts.session and not self.facts.is_bag(name)
            ),
        ]
        if (
            isinstance(expression, Name)
            and expression.text not in known
            and not self.facts.selector.is_columns(expression)
        ):
            helps = did_you_mean(expression.text, known) or f"there is {listing(known)}"
            message, fixes = (
                f"there is no slice `{expression.text}`",
                respelling(expression.text, expression.span, known),
            )
            self.reporter.error(codes.UNKNOWN_SLICE, message, expression.span, help=helps, fixes=fixes)
            return None
        picked = self.facts.selector.pick(expression)
        if picked is None or not is_one(picked, expression, "a slice", self.reporter):
            return None
        if picked.names[0] not in known:
            message = f"`{picked.names[0]}` differs from step to step, so it can't slice sessions"
            self.reporter.error(codes.UNKNOWN_SLICE, message, expression.span, help=f"there is {listing(known)}")
            return None
        return picked.names[0]
