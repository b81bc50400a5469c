"""Hover: what the word under the cursor is, and the type of the expression around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sess.compiler.selectors import has_tag
from sess.compiler.service.analysis import Analysis
from sess.compiler.service.describe import (
    code,
    columns,
    of_column,
    of_definition,
    of_entry,
    of_parameter,
    of_type,
    paragraphs,
)
from sess.compiler.service.keywords import KEYWORDS
from sess.compiler.service.places import Place, Role
from sess.compiler.source import Span
from sess.compiler.tree import (
    Binary,
    Call,
    Definition,
    Expression,
    ListOf,
    Name,
    ParamStatement,
    Pipeline,
    Section,
    Statement,
)
from sess.compiler.types import Type


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about a range of the text."""

    span: Span
    text: str


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """Return what stands at an offset; None where there is nothing to say."""
    place = analysis.place_at(offset)
    if place is not None:
        text = _of_place(place, analysis)
        return Hover(place.span, text) if text else None
    return _of_keyword(analysis, offset) or _of_expression(analysis, offset)


def _of_place(place: Place, analysis: Analysis) -> str:
    owner = f"`{place.entry.name}`" if place.entry else f"the section `{place.section.value}`" if place.section else ""
    match place.role:
        case Role.DEFINITION | Role.USE if place.text in analysis.definitions:
            return of_definition(place.text, analysis)
        case Role.DEFINITION:
            return paragraphs([code(place.text), "a column computed from others"])
        case Role.COLUMN:
            return of_column(place.text, analysis)
        case Role.DOMAIN if analysis.facts:
            return paragraphs([code(f"domain {place.text}"), columns(analysis.facts.domains.columns[place.text])])
        case Role.BLOCK | Role.METRIC if place.entry is not None:
            types = [f"here: {of_type(each)}" for each in analysis.types_at(place.span)]
            return paragraphs([*types, of_entry(place.entry)])
        case Role.ARGUMENT | Role.KEY if place.parameter is not None:
            return of_parameter(place.parameter, owner)
        case Role.SELECTOR if place.within is not None:
            names = analysis.columns(place.within)
            return paragraphs([code(place.within.span.text), columns(names) if names is not None else ""])
        case Role.TAG if analysis.schema is not None:
            having = [each.name for each in analysis.schema.columns if has_tag(each, place.text)]
            return paragraphs([code(f"tag({place.text})"), columns(having)])
        case Role.FIXED if place.parameter is not None:
            return of_parameter(place.parameter, owner)
    return ""


def _of_keyword(analysis: Analysis, offset: int) -> Hover | None:
    for statement in analysis.checked.spec.statements:
        word = statement.span.text.split(maxsplit=1)[0].split("{")[0].split('"')[0]
        span = Span(statement.span.source, statement.span.start, statement.span.start + len(word))
        if span.start <= offset <= span.end and word in KEYWORDS:
            return Hover(span, paragraphs([code(KEYWORDS[word].form), KEYWORDS[word].about]))
    return None


def _of_expression(analysis: Analysis, offset: int) -> Hover | None:
    """Return the type of the innermost expression around an offset."""
    for statement in analysis.checked.spec.statements:
        for value in _values(statement):
            around = [each for each in _inner(value) if each.span.start <= offset <= each.span.end]
            for expression in reversed(around):
                found = _type(expression, offset, analysis)
                if found:
                    return Hover(expression.span, found)
    return None


def _values(statement: Statement) -> tuple[Expression, ...]:
    match statement:
        case Definition(value=value) | ParamStatement(value=value):
            return (value,)
        case Section(entries=entries):
            return tuple(each.value for each in entries)
    return ()


def _inner(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and all inside it, from the outside inwards."""
    yield expression
    match expression:
        case Call(arguments=arguments):
            parts: tuple[Expression, ...] = tuple(each.value for each in arguments)
        case ListOf(items=parts) | Pipeline(stages=parts):
            pass
        case Binary(left=left, right=right):
            parts = (left, right)
        case _:
            return
    for part in parts:
        yield from _inner(part)


def _type(expression: Expression, offset: int, analysis: Analysis) -> str:
    """Return what an expression is; of a pipeline, what flows at the offset."""
    names = analysis.columns(expression)
    if names is not None:
        return columns(names)
    types: tuple[Type, ...] = ()
    match expression:
        case Pipeline(stages=stages):
            before = [each for each in stages if each.span.end <= offset]
            return _type(before[-1], offset, analysis) if before else ""
        case Call(name=name):
            types = analysis.types_at(name.span)
        case Name(text=text, span=span):
            found = analysis.type_of(text) if text in analysis.definitions else None
            types = (found,) if found else analysis.types_at(span)
    return "  \n".join(of_type(each) for each in types)
