"""Suggestions: one word each that could stand at the cursor, of the language, the spec or its schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sess.compiler.block import EXPRESSION_KINDS, Kind
from sess.compiler.selectors import SELECTORS
from sess.compiler.service.analysis import Analysis
from sess.compiler.service.describe import of_column, of_definition, of_entry
from sess.compiler.signature import parameters, ports, signature_text
from sess.compiler.tags import written
from sess.compiler.tree import Definition, ParamStatement
from sess.compiler.tree import Kind as Keyword


class Sort(StrEnum):
    """What a suggestion is; editors show a sign for each."""

    STATEMENT = "statement"
    SECTION = "section"
    KEY = "key"
    ARGUMENT = "argument"
    BLOCK = "block"
    DEFINITION = "definition"
    COLUMN = "column"
    TAG = "tag"
    WORD = "word"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One word that could stand here; `snippet` is what to insert, with `$1` where typing goes on."""

    label: str
    sort: Sort
    detail: str = ""
    about: str = ""
    snippet: str = ""


def metrics(analysis: Analysis) -> Iterator[Suggestion]:
    """Suggest metrics, those that rank with a cutoff."""
    for name in analysis.registry.names(Kind.METRIC):
        entry: Any = analysis.registry.find(name, Kind.METRIC)  # a metric entry says whether it ranks
        label = f"{name}@10" if entry.is_ranking else name
        yield Suggestion(label, Sort.BLOCK, "metric", of_entry(entry))


def selections(analysis: Analysis) -> Iterator[Suggestion]:
    """Suggest what selects columns."""
    yield from definitions(analysis, Keyword.COLUMNS, Keyword.SEQUENCE, Keyword.DOMAIN)
    for word in SELECTORS:
        yield Suggestion(word, Sort.BLOCK, "selects columns", snippet=f"{word}($1)")
    yield from columns(analysis, column_names(analysis))


def entries(analysis: Analysis, *kinds: Kind) -> Iterator[Suggestion]:
    """Suggest the words of some kinds, called where they must be."""
    for kind in kinds:
        for name in analysis.registry.names(kind):
            entry = analysis.registry.find(name, kind)
            assert entry is not None
            takes = any(each.is_required for each in parameters(entry.Params)) or len(ports(entry)) > 1
            is_leaf = kind in EXPRESSION_KINDS and not ports(entry)
            call = f"{name}($1)" if takes or is_leaf or any(slot.is_variadic for slot in ports(entry)) else name
            yield Suggestion(name, Sort.BLOCK, signature_text(entry), of_entry(entry), call)


def definitions(analysis: Analysis, *kinds: Keyword) -> Iterator[Suggestion]:
    """Suggest definitions of some kinds, with their types."""
    for name, definition in analysis.definitions.items():
        if isinstance(definition, Definition) and definition.kind in kinds:
            found = analysis.type_of(name)
            detail = f"{definition.kind.value} {found}" if found else definition.kind.value
            yield Suggestion(name, Sort.DEFINITION, detail, of_definition(name, analysis))


def params(analysis: Analysis) -> Iterator[Suggestion]:
    """Suggest params."""
    for name, definition in analysis.definitions.items():
        if isinstance(definition, ParamStatement):
            yield Suggestion(name, Sort.DEFINITION, f"param = {definition.value.span.text}")


def columns(analysis: Analysis, names: Iterable[str]) -> Iterator[Suggestion]:
    """Suggest columns of the schema."""
    for name in names:
        column = analysis.column(name)
        detail = f"{column.dtype.value} {' '.join(sorted(written(tag) for tag in column.tags))}" if column else ""
        yield Suggestion(name, Sort.COLUMN, detail, of_column(name, analysis))


def column_names(analysis: Analysis) -> tuple[str, ...]:
    """Return the columns of the events."""
    return analysis.schema.names if analysis.schema else ()


def domain_names(analysis: Analysis) -> tuple[str, ...]:
    """Return the domains."""
    return tuple(analysis.facts.domains.columns) if analysis.facts else ()
