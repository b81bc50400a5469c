"""What a word means where a vector or a block is wanted, and what is said when it is something else."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sess.compiler import codes
from sess.compiler.block import EXPRESSION_KINDS, Entry, Kind
from sess.compiler.diagnostics import Edit, Fix
from sess.compiler.mismatch import found
from sess.compiler.misspelt import respelling
from sess.compiler.passes.selections import SelectionScope
from sess.compiler.selectors import SELECTORS
from sess.compiler.signature import ports
from sess.compiler.similar import did_you_mean
from sess.compiler.source import Span
from sess.compiler.tree import Binary, Broken, Call, Expression, ListOf, Literal, Name, Pipeline, Word
from sess.compiler.tree import Kind as Keyword

VALUES = (Keyword.LET, Keyword.ENCODER, Keyword.TABLE)


class WordScope(SelectionScope):
    """The part of a scope that knows blocks and pipes, and makes no nodes."""

    @cached_property
    def _pipes(self) -> dict[str, bool]:
        """Which definitions are pipes: kept, or a chain of lets would be followed to its end from every link."""
        return {}

    def is_pipe(self, expression: Expression) -> bool:
        """Whether an expression is a pipeline whose first block lacks its input."""
        match expression:
            case Pipeline(stages=stages):
                return not self.facts.selector.is_columns(stages[0]) and self.is_pipe(stages[0])
            case Call(name=name, arguments=arguments):
                entry = self.ctx.registry.find(name.text, *EXPRESSION_KINDS)
                slots = ports(entry) if entry else ()
                if not slots or any(each.label is not None and each.label.text == slots[0].name for each in arguments):
                    return False
                first = next((each.value for each in arguments if each.label is None), None)
                return first is None or not self._may_flow(first)
            case Name(text=text):
                definition = self.facts.resolved.definitions.get(text)
                if definition is not None:
                    if text not in self._pipes:
                        self._pipes[text] = definition.kind is Keyword.LET and self.is_pipe(definition.value)
                    return self._pipes[text]
                entry = self.ctx.registry.find(text, *EXPRESSION_KINDS)
                return entry is not None and bool(ports(entry)) and not self.facts.selector.is_columns(expression)
        return False

    def _may_flow(self, expression: Expression) -> bool:
        match expression:
            case Literal() | ListOf() | Broken():
                return False
            case Name(text=text):
                is_value = text not in self.facts.resolved.params
                return is_value and not self.is_pipe(expression)
        return not self.is_pipe(expression)

    def is_vector(self, expression: Expression) -> bool:
        """Whether an expression, by its form, is made by blocks."""
        match expression:
            case Pipeline():
                return True
            case Call(name=name):
                return self.ctx.registry.find(name.text, *EXPRESSION_KINDS) is not None
        return False

    def entry(self, word: Word) -> Entry[Any] | None:
        """Return the block of a word; None if there is none (reported)."""
        entry = self.ctx.registry.find(word.text, *EXPRESSION_KINDS)
        if entry is not None:
            return entry
        known = self.ctx.registry.names(*EXPRESSION_KINDS)
        elsewhere = self.ctx.registry.find(word.text, *Kind)
        if word.text in SELECTORS:
            message = f"`{word.text}` selects columns and is no block"
            helps: tuple[str, ...] = (f"write `features({word.text}(…))`",)
        elif elsewhere is not None:
            message = f"`{word.text}` is a word of the kind {elsewhere.kind.value}, not a block"
            helps = did_you_mean(word.text, known)
        else:
            message, helps = f"there is no block `{word.text}`", did_you_mean(word.text, known)
        fixes = respelling(word.text, word.span, known) if elsewhere is None else ()
        self.reporter.error(codes.UNKNOWN_BLOCK, message, word.span, help=helps, fixes=fixes)
        return None

    def takes_input(self, entry: Entry[Any], word: Word) -> bool:
        """Whether something can be piped into a block; reported if not."""
        if not ports(entry):
            message = f"`{entry.name}` reads columns, so nothing can be piped into it"
            self.reporter.error(codes.WRONG_KIND, message, word.span)
        return bool(ports(entry))

    def is_leaf(self, expression: Expression) -> bool:
        """Whether the block of an expression reads columns and nothing that flows."""
        entry = self.ctx.registry.find(word_of(expression).text, *EXPRESSION_KINDS)
        return entry is not None and not ports(entry)

    def no_vector(self, expression: Expression) -> None:
        """Report what is no vector, where one is wanted."""
        text = expression.span.text
        if isinstance(expression, (Literal, ListOf)):
            message = f"{found(expression)} is no vector, and can't flow into a block"
            self.reporter.error(codes.WRONG_KIND, message, expression.span)
            return
        if not isinstance(expression, Binary) or self.facts.selector.pick(expression) is not None:
            fix = Fix("make them vectors", (Edit(expression.span, f"features({text})"),))
            message = f"`{text}` is columns, not a vector"
            self.reporter.error(
                codes.WRONG_KIND, message, expression.span, help=f"write `features({text})`", fixes=[fix]
            )

    def unknown(self, name: Name) -> None:
        """Report a name that nothing has."""
        known = [each for each, definition in self.facts.resolved.definitions.items() if definition.kind in VALUES]
        known += self.ctx.registry.names(*EXPRESSION_KINDS)
        self.reporter.error(
            codes.UNKNOWN_NAME,
            f"nothing is called `{name.text}`",
            name.span,
            help=did_you_mean(name.text, known),
            fixes=respelling(name.text, name.span, known),
        )

    def lacks_input(self, word: str, at: Span) -> None:
        """Report a pipe where a vector is wanted."""
        message = f"`{word}` lacks its input"
        self.reporter.error(codes.MISSING_INPUT, message, at, help=f"pipe something into it: `x >> {at.text}`")


def word_of(expression: Expression) -> Word:
    """Return the word by which a stage names its block; the whole text if it has none."""
    match expression:
        case Call(name=name):
            return name
        case Pipeline(stages=stages):
            return word_of(stages[0])
    return Word(expression.span.text, expression.span)
