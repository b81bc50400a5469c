"""Every word of a spec with what it is where it stands: a definition, a use, a column, a block, a fixed word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

from sess.compiler.block import EXPRESSION_KINDS, Entry, Kind, MetricWord, Pipe, SliceName
from sess.compiler.registry import Registry
from sess.compiler.sections import KEYS
from sess.compiler.selectors import SELECTORS
from sess.compiler.signature import Hint, Parameter, kind_of, members, origin, parameters, plain, ports, words
from sess.compiler.source import Span
from sess.compiler.tree import (
    Argument,
    Binary,
    Broken,
    Call,
    Definition,
    Expression,
    ImportStatement,
    ListOf,
    Literal,
    Metric,
    Name,
    ParamStatement,
    Pipeline,
    SchemaStatement,
    Section,
    SectionName,
    Spec,
    Word,
)
from sess.compiler.tree import Kind as Keyword

SLICES = ("length", "frequency")


class Role(StrEnum):
    """What a word is where it stands."""

    DEFINITION = "definition"
    USE = "use"
    COLUMN = "column"
    DOMAIN = "domain"
    BLOCK = "block"
    SELECTOR = "selector"
    ARGUMENT = "argument"
    KEY = "key"
    FIXED = "fixed"
    TAG = "tag"
    METRIC = "metric"
    FILE = "file"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """A word where it stands.

    `entry` is the block or option that it names or belongs to, `parameter` the argument or key that it names or fills,
    `within` the expression that it begins, None where it begins none.
    """

    span: Span
    role: Role
    text: str
    entry: Entry[Any] | None = None
    parameter: Parameter | None = None
    section: SectionName | None = None
    within: Expression | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What words mean beside the registry: definitions, columns and domains."""

    registry: Registry
    definitions: Mapping[str, Definition | ParamStatement]
    columns: frozenset[str]
    domains: frozenset[str]


def places(spec: Spec, scope: Scope) -> Iterator[Place]:
    """Yield the words of a file in the order of its text."""
    walk = _Walk(scope)
    for statement in spec.statements:
        match statement:
            case Definition(name=name, value=value):
                yield Place(name.span, Role.DEFINITION, name.text)
                yield from walk.expression(value, None)
            case ParamStatement(name=name, value=value, space=space):
                yield Place(name.span, Role.DEFINITION, name.text)
                yield from walk.expression(value, None)
                yield from walk.expression(space, None) if space else ()
            case SchemaStatement(path=path) | ImportStatement(path=path):
                yield Place(path.span, Role.FILE, str(path.value))
            case Section(name=section, entries=entries):
                for entry in entries:
                    yield from walk.entry(section, entry.key, entry.value)


def argument_of(entry: Entry[Any], arguments: Sequence[Argument], index: int, *, is_piped: bool) -> Parameter | None:
    """Return the parameter that an argument fills; None if it fills a port, or nothing."""
    slots, wanted = ports(entry), parameters(entry.Params)
    label = arguments[index].label
    if label is not None:
        return next((each for each in wanted if each.name == label.text), None)
    if any(slot.is_variadic for slot in slots):
        return None
    first = arguments[0].value
    is_without_input = is_piped or isinstance(first, (Literal, ListOf))
    place = index + (1 if slots and is_without_input else 0) - len(slots)
    return wanted[place] if 0 <= place < len(wanted) else None


def item_of(hint: Hint | None) -> Hint | None:
    """Return what the items of a list are that a hint wants; None if it wants no list."""
    for member in members(hint):
        if origin(plain(member)) is tuple:
            return get_args(plain(member))[0]
    return None


def choice_of(hint: Hint | None) -> Kind | None:
    """Return the kind of word that a hint wants; None if it wants none."""
    return next((found for member in members(hint) if (found := kind_of(member)) is not None), None)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through expressions with what their place wants."""

    scope: Scope

    def entry(self, section: SectionName, key: Word, value: Expression) -> Iterator[Place]:
        if section is SectionName.PREPARE:
            role = self._columns(key.text) or Role.DEFINITION
            yield Place(key.span, role, key.text, section=section)
            yield from self._prepared(value)
            return
        parameter = next((each for each in parameters(KEYS[section]) if each.name == key.text), None)
        yield Place(key.span, Role.KEY, key.text, parameter=parameter, section=section)
        yield from self.expression(value, parameter)

    def _prepared(self, value: Expression) -> Iterator[Place]:
        stages = value.stages if isinstance(value, Pipeline) else (value,)
        for i, stage in enumerate(stages):
            if isinstance(stage, Name) and i == 0 and self._columns(stage.text):
                yield from self.expression(stage, None)
            elif isinstance(stage, (Name, Call)):
                yield from self._word(stage, Kind.PREPARE, None, is_piped=True)
            else:
                yield from self.expression(stage, None)

    def expression(
        self, value: Expression, parameter: Parameter | None, *, is_piped: bool = False, is_item: bool = False
    ) -> Iterator[Place]:
        """Yield the words of an expression that fills a parameter, is one item of it, or is piped into."""
        hint = parameter.hint if parameter else None
        hint = item_of(hint) if is_item else hint
        match value:
            case Name():
                yield self._name(value, hint, parameter, is_piped=is_piped)
            case Call():
                yield from self._word(value, choice_of(hint), parameter, is_piped=is_piped)
            case ListOf(items=items):
                for item in items:
                    yield from self.expression(item, parameter, is_item=item_of(hint) is not None)
            case Pipeline(stages=stages):
                for i, stage in enumerate(stages):
                    yield from self.expression(stage, None, is_piped=i > 0 or Pipe in members(hint))
            case Binary(left=left, right=right):
                yield from self.expression(left, None)
                yield from self.expression(right, None)
            case Literal(value=Metric(name=name), span=span):
                entry = self.scope.registry.find(name, Kind.METRIC)
                yield Place(span, Role.METRIC, name, entry, parameter, within=value)
            case Literal() | Broken():
                return

    def _name(self, name: Name, hint: Hint | None, parameter: Parameter | None, *, is_piped: bool) -> Place:
        text, kind = name.text, choice_of(hint)

        def of(role: Role, entry: Entry[Any] | None = None) -> Place:
            return Place(name.span, role, text, entry, parameter, within=name)

        if text in words(hint) or (SliceName in members(hint) and text in SLICES):
            return of(Role.FIXED)
        if kind is not None and (entry := self.scope.registry.find(text, kind)):
            return of(Role.BLOCK, entry)
        if MetricWord in members(hint):
            return of(Role.METRIC, self.scope.registry.find(text, Kind.METRIC))
        definition = self.scope.definitions.get(text)
        entry = self.scope.registry.find(text, *EXPRESSION_KINDS)
        if definition is not None and not (is_piped and entry is not None and not _is_let(definition)):
            return of(Role.USE)
        if not is_piped and (role := self._columns(text)):
            return of(role)
        return of(Role.BLOCK, entry) if entry is not None else of(Role.UNKNOWN)

    def _columns(self, text: str) -> Role | None:
        if text in self.scope.definitions:
            return Role.USE
        if text in self.scope.columns:
            return Role.COLUMN
        return Role.DOMAIN if text in self.scope.domains else None

    def _word(
        self, call: Call | Name, kind: Kind | None, parameter: Parameter | None, *, is_piped: bool
    ) -> Iterator[Place]:
        """Yield the words of a call that names an entry of a kind, or any block where no kind is wanted."""
        word = call.name if isinstance(call, Call) else Word(call.text, call.span)
        arguments = call.arguments if isinstance(call, Call) else ()
        if kind is None and word.text in SELECTORS:
            yield Place(word.span, Role.SELECTOR, word.text, within=call)
            yield from self._selected(word.text, arguments)
            return
        entry = self.scope.registry.find(word.text, *((kind,) if kind else EXPRESSION_KINDS))
        yield Place(word.span, Role.BLOCK if entry else Role.UNKNOWN, word.text, entry, parameter, within=call)
        for i, argument in enumerate(arguments):
            filled = argument_of(entry, arguments, i, is_piped=is_piped) if entry else None
            if argument.label is not None:
                yield Place(argument.label.span, Role.ARGUMENT, argument.label.text, entry, filled)
            yield from self.expression(argument.value, filled)

    def _selected(self, selector: str, arguments: Sequence[Argument]) -> Iterator[Place]:
        for argument in arguments:
            value = argument.value
            if argument.label is not None:
                yield Place(argument.label.span, Role.ARGUMENT, argument.label.text)
                yield Place(value.span, Role.FIXED, value.span.text)
            elif selector == "tag" and isinstance(value, (Name, Literal)):
                text = value.text if isinstance(value, Name) else str(value.value)
                yield Place(value.span, Role.TAG, text)
            elif selector == "column" and isinstance(value, (Name, Literal)):
                text = value.text if isinstance(value, Name) else str(value.value)
                yield Place(value.span, Role.COLUMN, text)
            else:
                yield Place(value.span, Role.FIXED, value.span.text)


def _is_let(definition: Definition | ParamStatement) -> bool:
    return isinstance(definition, Definition) and definition.kind is Keyword.LET
