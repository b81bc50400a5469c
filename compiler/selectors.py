"""Selections of columns: `tag(SEQUENCE) & lists() - price`, evaluated against the schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sess.compiler import codes
from sess.compiler.diagnostics import Code, Edit, Fix, Label, Reporter
from sess.compiler.missing_tags import report_no_tag
from sess.compiler.misspelt import respelling
from sess.compiler.schema import Column, Dtype, Schema
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Span
from sess.compiler.tags import parts
from sess.compiler.tree import (
    Argument,
    Binary,
    Broken,
    Call,
    Definition,
    Expression,
    Kind,
    ListOf,
    Literal,
    Name,
    Operator,
    Pipeline,
    Word,
)

SELECTORS = ("tag", "column", "all", "lists", "scalars", "dtype")

_SELECTING = (Kind.COLUMNS, Kind.SEQUENCE, Kind.DOMAIN)
_DTYPES: Mapping[str, Callable[[Dtype], bool]] = {
    "int": lambda dtype: dtype.is_integer,
    "float": lambda dtype: dtype.is_float,
    "string": lambda dtype: dtype is Dtype.STRING,
    "bool": lambda dtype: dtype is Dtype.BOOL,
    "datetime": lambda dtype: dtype is Dtype.DATETIME,
    **{each.value: (lambda dtype, each=each: dtype is each) for each in Dtype if each is not Dtype.DATETIME},  # type: ignore[misc]
}


@dataclass(frozen=True, slots=True)
class Picked:
    """Columns by name in schema order, of the events or of the catalogue."""

    names: tuple[str, ...]
    is_catalogue: bool = False


def has_tag(column: Column, tag: str) -> bool:
    """Return whether a column has a tag as Merlin means it: `ITEM_ID` is `ITEM` and `ID`."""
    return all(column.has(part) for part in parts(tag))


@dataclass(frozen=True, slots=True)
class Selector:
    """Evaluates selections. `labels` are left out unless they are named by themselves or asked for by TARGET."""

    schema: Schema
    catalogue: Schema | None
    definitions: Mapping[str, Definition]
    broken: frozenset[str]
    domains: Mapping[str, tuple[str, ...]]
    labels: frozenset[str]
    reporter: Reporter
    is_catalogue_unread: bool = False
    """Whether a schema of the catalogue is named and can't be read, which is reported."""
    known: dict[str, Picked | None] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What definitions select, each evaluated once."""

    def pick(self, expression: Expression) -> Picked | None:
        """Return the columns of an expression; None if it is wrong or empty (reported, or broken elsewhere)."""
        picked = self._value(expression)
        if picked is not None and not picked.names:
            schema = self._schema(picked.is_catalogue)
            helps: tuple[str, ...] = (f"the schema has {listing(schema.names)}",) if schema else ()
            fixes: tuple[Fix, ...] = ()
            if isinstance(expression, Call):
                more, fixes = self._in_catalogue(expression, is_catalogue=picked.is_catalogue)
                helps = (*more, *helps)
            message = f"`{expression.span.text}` selects no column"
            self.reporter.error(codes.EMPTY_SELECTION, message, expression.span, help=helps, fixes=fixes)
            return None
        return picked

    def is_columns(self, expression: Expression) -> bool:
        """Whether an expression, by its form, is a selection."""
        match expression:
            case Binary():
                return True
            case Call(name=name):
                return name.text in SELECTORS
            case Name(text=text):
                definition = self.definitions.get(text)
                if definition is not None:
                    # A `let` of columns is reported where it stands; its readers take it as it is meant.
                    is_meant = definition.kind is Kind.LET and self.is_columns(definition.value)
                    return definition.kind in _SELECTING or is_meant
                return self.schema.find(text) is not None or text in self.domains
        return False

    def _value(self, expression: Expression) -> Picked | None:
        match expression:
            case Name():
                return self._name(expression)
            case Call():
                return self._call(expression)
            case Binary():
                return self._binary(expression)
            case Literal() | ListOf() | Pipeline():
                message = f"`{expression.span.text}` is no selection of columns"
                word = str(expression.value) if isinstance(expression, Literal) else ""
                fixes = [Fix(f"write `{word}`", (Edit(expression.span, word),))] if self.schema.find(word) else []
                helps = "name columns, or use `tag(…)`"
                self.reporter.error(codes.WRONG_VALUE, message, expression.span, help=helps, fixes=fixes)
        return None

    def _name(self, name: Name) -> Picked | None:
        if name.text in self.broken:
            return None
        definition = self.definitions.get(name.text)
        if definition is not None:
            if definition.kind not in _SELECTING and not self.is_columns(name):
                message = f"`{name.text}` is {a_kind(definition.kind)}, not columns"
                labels = [Label(definition.name.span, "defined here")]
                self.reporter.error(codes.WRONG_KIND, message, name.span, labels=labels)
                return None
            if name.text not in self.known:
                quiet = replace(self, reporter=Reporter())  # what is wrong with it is reported once, where it stands
                self.known[name.text] = quiet.pick(definition.value)
            return self.known[name.text]
        if self.schema.find(name.text) is not None:
            return Picked((name.text,))
        if name.text in self.domains:
            return Picked(self.domains[name.text])
        columns = [each for each, value in self.definitions.items() if value.kind in (Kind.COLUMNS, Kind.SEQUENCE)]
        self._unknown(codes.UNKNOWN_NAME, f"there are no columns `{name.text}`", name, [*columns, *self.schema.names])
        return None

    def _unknown(self, code: Code, message: str, name: Name | Literal, known: list[str]) -> None:
        word = name.text if isinstance(name, Name) else str(name.value)
        is_quoted = isinstance(name, Literal) and name.span.text.startswith('"')
        fixes = respelling(word, name.span, known, (lambda near: f'"{near}"') if is_quoted else str)
        if self.catalogue is not None and self.catalogue.find(word) is not None and isinstance(name, Name):
            text = f'column("{word}", of=catalogue)'
            fixes = (Fix(f"write `{text}`", (Edit(name.span, text),)),)
            self.reporter.error(code, message, name.span, help=f"the catalogue has a column `{word}`", fixes=fixes)
            return
        helps = did_you_mean(word, known) or f"there is {listing(known)}"
        self.reporter.error(code, message, name.span, help=helps, fixes=fixes)

    def _call(self, call: Call) -> Picked | None:
        if call.name.text not in SELECTORS:
            word = call.name.text
            helps = did_you_mean(word, SELECTORS) or (f"columns are selected by {listing(SELECTORS)}",)
            fixes = respelling(word, call.name.span, SELECTORS)
            self.reporter.error(
                codes.UNKNOWN_BLOCK, f"`{word}` selects no columns", call.name.span, help=helps, fixes=fixes
            )
            return None
        plain = [each for each in call.arguments if each.label is None]
        is_catalogue = self._of(call, [each for each in call.arguments if each.label is not None])
        schema = self._schema(is_catalogue) if is_catalogue is not None else None
        if is_catalogue is None or schema is None:
            return None
        words = [self._word(each) for each in plain]
        if any(word is None for word in words):
            return None
        known = [word for word in words if word is not None]
        match call.name.text, known:
            case "tag", [_, *_]:
                return self._tagged(call, known, schema, is_catalogue=is_catalogue)
            case "column", [name]:
                if schema.find(str(name.value)) is None:
                    message = f"the schema has no column `{name.value}`"
                    self._unknown(codes.UNKNOWN_COLUMN, message, name, list(schema.names))
                    return None
                return Picked((str(name.value),), is_catalogue)
            case "all", []:
                return self._where(schema, lambda _: True, is_catalogue=is_catalogue)
            case "lists", []:
                return self._where(schema, lambda column: column.is_list, is_catalogue=is_catalogue)
            case "scalars", []:
                return self._where(schema, lambda column: not column.is_list, is_catalogue=is_catalogue)
            case "dtype", [name]:
                test = _DTYPES.get(str(name.value))
                if test is None:
                    self._unknown(codes.WRONG_VALUE, f"there is no dtype `{name.value}`", name, list(_DTYPES))
                    return None
                return self._where(schema, lambda column: test(column.dtype), is_catalogue=is_catalogue)
        wanted = {"tag": "at least one tag", "column": "one name in quotes", "dtype": "one dtype"}
        message = f"`{call.name.text}` takes {wanted.get(call.name.text, 'no argument')}"
        self.reporter.error(codes.WRONG_VALUE, message, call.span)
        return None

    def _of(self, call: Call, labelled: list[Argument]) -> bool | None:
        """Return whether a call asks for the catalogue; None if an argument is wrong (reported)."""
        is_catalogue = False
        for argument in labelled:
            label = argument.label.text if argument.label else ""
            if label != "of":
                message = f"`{call.name.text}` has no argument `{label}`"
                self.reporter.error(codes.UNKNOWN_ARGUMENT, message, argument.span, help="it has `of=catalogue`")
                return None
            if not isinstance(argument.value, Name) or argument.value.text not in ("catalogue", "events"):
                message = f"`of` is `events` or `catalogue`, not `{argument.value.span.text}`"
                self.reporter.error(codes.WRONG_VALUE, message, argument.value.span)
                return None
            is_catalogue = argument.value.text == "catalogue"
            if is_catalogue and self.is_catalogue_unread:
                return None
            if is_catalogue and self.catalogue is None:
                helps = 'add `schema "items.pbtxt" for catalogue`'
                self.reporter.error(
                    codes.NO_CATALOGUE, "there is no schema for the catalogue", argument.span, help=helps
                )
                return None
        return is_catalogue

    def _word(self, argument: Argument) -> Literal | None:
        """Return a tag, dtype or column name as text; None if it is none (reported)."""
        value = argument.value
        if isinstance(value, Name):
            return Literal(value.text, value.span)
        if isinstance(value, Literal) and isinstance(value.value, str):
            return value
        if not isinstance(value, Broken):
            self.reporter.error(codes.WRONG_VALUE, f"`{value.span.text}` is no name", value.span)
        return None

    def _where(self, schema: Schema, holds: Callable[[Column], bool], *, is_catalogue: bool) -> Picked:
        left_out = frozenset() if is_catalogue else self.labels
        names = (column.name for column in schema.columns if holds(column) and column.name not in left_out)
        return Picked(tuple(names), is_catalogue)

    def _tagged(self, call: Call, words: list[Literal], schema: Schema, *, is_catalogue: bool) -> Picked | None:
        tags = [str(word.value) for word in words]
        matching = [column for column in schema.columns if all(has_tag(column, tag) for tag in tags)]
        wants_labels = is_catalogue or "target" in {part for tag in tags for part in parts(tag)}
        names = tuple(column.name for column in matching if wants_labels or column.name not in self.labels)
        if names:
            return Picked(names, is_catalogue)
        helps, fixes = self._in_catalogue(call, is_catalogue=is_catalogue)
        for word in words:
            if not any(has_tag(column, str(word.value)) for column in schema.columns):
                report_no_tag(word, schema, helps, fixes, self.reporter)
                return None
        if matching:
            label = matching[0].name
            message = f"`{call.span.text}` selects only labels: {listing(column.name for column in matching)}"
            self.reporter.error(
                codes.EMPTY_SELECTION, message, call.span, help=f'name it to use it: `column("{label}")`'
            )
            return None
        message = f"no column has the tags {listing(tags)} together"
        having = [f"`{tag}`: {listing(c.name for c in schema.columns if has_tag(c, tag))}" for tag in tags]
        self.reporter.error(codes.EMPTY_SELECTION, message, call.span, help=[*helps, *having], fixes=fixes)
        return None

    def _in_catalogue(self, call: Call, *, is_catalogue: bool) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
        """Return the help and the fix where a selection that is empty over the events has columns of the catalogue."""
        if self.catalogue is None or is_catalogue or any(each.label is not None for each in call.arguments):
            return (), ()
        of = Argument(Word("of", call.span), Name("catalogue", call.span), call.span)
        found = replace(self, reporter=Reporter()).pick(replace(call, arguments=(*call.arguments, of)))
        if found is None:
            return (), ()
        end = call.span.end - 1
        text = ", of=catalogue" if call.arguments else "of=catalogue"
        fix = Fix("select over the catalogue", (Edit(Span(call.span.source, end, end), text),), is_safe=False)
        return (f"the catalogue has {listing(found.names)}",), (fix,)

    def _binary(self, expression: Binary) -> Picked | None:
        left, right = self._value(expression.left), self._value(expression.right)
        if left is None or right is None:
            return None
        if left.is_catalogue != right.is_catalogue:
            message = "columns of the events and of the catalogue don't mix"
            self.reporter.error(codes.MIXED_COLUMNS, message, expression.span)
            return None
        schema = self._schema(left.is_catalogue)
        match expression.operator:
            case Operator.UNION:
                kept = {*left.names, *right.names}
            case Operator.DIFFERENCE:
                kept = {*left.names} - {*right.names}
            case Operator.MEET:
                kept = {*left.names} & {*right.names}
        return Picked(tuple(name for name in (schema.names if schema else ()) if name in kept), left.is_catalogue)

    def _schema(self, is_catalogue: bool) -> Schema | None:  # noqa: FBT001
        return self.catalogue if is_catalogue else self.schema


def a_kind(kind: Kind) -> str:
    """Return a kind of definition with its article."""
    return f"an {kind.value}" if kind is Kind.ENCODER else "columns" if kind is Kind.COLUMNS else f"a {kind.value}"
