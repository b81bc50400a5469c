"""The outline: what a spec defines and sets, in the order of its text."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.service.analysis import Analysis
from sess.compiler.source import Span
from sess.compiler.tree import (
    Definition,
    Entry,
    ImportStatement,
    ParamStatement,
    SchemaStatement,
    Section,
    SpecStatement,
    Statement,
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """One line of the outline: `keyword` says what it is, `name` is where its name stands."""

    text: str
    keyword: str
    detail: str
    span: Span
    name: Span
    inner: tuple[Symbol, ...] = ()


def outline(analysis: Analysis) -> tuple[Symbol, ...]:
    """Return the statements of the spec; sections have their entries inside."""
    return tuple(_symbol(each, analysis) for each in analysis.checked.spec.statements)


def _symbol(statement: Statement, analysis: Analysis) -> Symbol:
    span = statement.span
    match statement:
        case SpecStatement(name=name, title=title):
            return Symbol(name.text, "spec", title or "", span, name.span)
        case SchemaStatement(path=path) | ImportStatement(path=path):
            keyword = "schema" if isinstance(statement, SchemaStatement) else "import"
            return Symbol(str(path.value) or keyword, keyword, "", span, path.span)
        case ParamStatement(name=name, value=value):
            return Symbol(name.text, "param", value.span.text, span, name.span)
        case Definition(kind=kind, name=name):
            found = analysis.type_of(name.text)
            return Symbol(name.text, kind.value, str(found) if found else "", span, name.span)
        case Section(name=section, entries=entries):
            word = Span(span.source, span.start, span.start + len(section.value))
            return Symbol(section.value, section.value, "", span, word, tuple(_entry(each) for each in entries))


def _entry(entry: Entry) -> Symbol:
    detail = entry.value.span.text.split("\n")[0]
    return Symbol(entry.key.text or '""', "key", detail, entry.span, entry.key.span)
