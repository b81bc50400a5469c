"""What an editor shows of a word, as Markdown: a block, an argument, a column, a type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from sess.compiler.block import Entry, Kind, Representation
from sess.compiler.service.analysis import Analysis
from sess.compiler.signature import Missing, Parameter, describe, signature_text, value_text
from sess.compiler.similar import listing
from sess.compiler.source import Span
from sess.compiler.tags import written
from sess.compiler.tree import Definition, ParamStatement
from sess.compiler.types import Columns, Head, Level, Row, Seq, Tower, Type

_SEEN = {"stepwise": "a step sees itself", "causal": "a step sees what came before", "whole": "steps see the whole"}


def code(text: str) -> str:
    """Return a text as a block of the language."""
    return f"```sess\n{text}\n```"


def paragraphs(parts: Iterable[str]) -> str:
    """Return parts with a blank line between them, empty ones left out."""
    return "\n\n".join(part for part in parts if part)


def of_type(found: Type) -> str:
    """Return a type with what it means: `Seq[T, 64]`, one vector a step, causal."""
    match found:
        case Seq():
            return f"`{found}`, one vector a step, {found.direction} ({_SEEN[str(found.direction)]})"
        case Row():
            return f"`{found}`, one vector a session, {found.direction}"
        case Tower():
            return f"`{found}`, one vector an item of `{found.domain}`"
        case Head():
            state = f" from `{found.state}`" if found.state else ""
            return f"`{found}`, {'ranks the items' if found.is_ranking else 'predicts a value'}{state}"
        case Columns():
            return columns(found.names)


def of_entry(entry: Entry[Any]) -> str:
    """Return the page of a block: its signature, what it is, what is worth knowing."""
    module = inspect.getmodule(type(entry))
    about = inspect.cleandoc(module.__doc__ or "") if module else ""
    has_own_file = about.startswith(f"`{entry.name}`")
    own = inspect.cleandoc(type(entry).__doc__ or "")
    return paragraphs(
        [
            code(signature_text(entry) if entry.kind is not Kind.METRIC else entry.name),
            re.sub(r"^`\w+`: ", "", about) if has_own_file else "",
            own,
            _own_words(entry),
            f"*{entry.kind.value}*",
        ]
    )


def _own_words(entry: Entry[Any]) -> str:
    """Return what the signature's docstring says behind the signature."""
    text = inspect.cleandoc(entry.Params.__doc__ or "")
    return text.partition("`: ")[2] if text.startswith(f"`{entry.name}") else ""


def of_parameter(parameter: Parameter, owner: str) -> str:
    """Return an argument or key: what it takes, and what it is by default."""
    default = "" if parameter.default is Missing.REQUIRED else f"={value_text(parameter.default)}"
    end = "" if parameter.default is not Missing.REQUIRED else ", which must be given"
    of = f"of {owner}: " if owner else ""
    return paragraphs([code(f"{parameter.name}{default}"), f"{of}{describe(parameter.hint)}{end}"])


def columns(names: Iterable[str]) -> str:
    """Return columns as a list of their names."""
    known = tuple(names)
    return f"{len(known)} column{'' if len(known) == 1 else 's'}: {listing(known)}" if known else "no columns"


def of_column(name: str, analysis: Analysis) -> str:
    """Return a column: dtype and tags of the schema, whose it is, its domain, what `features` makes of it."""
    column, facts = analysis.column(name), analysis.facts
    if column is None or facts is None:
        return code(name)
    lengths = (column.length, column.inner)[: int(column.is_list) + int(column.is_nested)]
    shape = "".join(f"[{length or ''}]" for length in lengths)
    lines = [f"tags {listing(sorted(written(tag) for tag in column.tags))}"] if column.tags else []
    if facts.schema.find(name) is None:
        lines.append("of the catalogue")
    else:
        lines.append(_whose(name, analysis))
        if name in facts.domains.of:
            lines.append(f"domain `{facts.domains.of[name]}`")
        if name in facts.labels:
            lines.append("a label: left out of every selection unless it is named")
        representation = facts.representation(name)
        if representation is not Representation.UNCLEAR:
            skipped = representation is Representation.SKIP
            lines.append("`features` skips it" if skipped else f"`features` reads it by `{representation.value}`")
    return paragraphs([code(f"{name}: {column.dtype.value}{shape}"), "  \n".join(lines)])


def _whose(name: str, analysis: Analysis) -> str:
    facts = analysis.facts
    assert facts is not None
    if name == facts.session:
        return "the key of the session"
    level, group = facts.levels.get(name), facts.groups.get(name)
    time = ", the time of events" if name == facts.time else ""
    what = {Level.STEP: "of the steps", Level.SESSION: "of the session", Level.CATALOGUE: "of the catalogue"}
    return f"{what[level] if level else ''}{f' of `{group}`' if group else ''}{time}"


def of_definition(name: str, analysis: Analysis) -> str:
    """Return a definition: its text, its type, and the comment above it."""
    definition = analysis.definitions[name]
    text = re.sub(r"[ \t]+", " ", definition.span.text.split("\n")[0])
    more = " …" if "\n" in definition.span.text else ""
    found = analysis.type_of(name)
    types = [of_type(found)] if found else []
    if not found and isinstance(definition, Definition):
        names = analysis.columns(definition.value)
        types = [columns(names)] if names is not None else []
    if isinstance(definition, ParamStatement):
        types = ["a param: `--set` changes it"]
    return paragraphs([code(text + more), *types, comment_above(definition.span)])


def comment_above(span: Span) -> str:
    """Return the comment on the lines right above a statement."""
    lines = span.source.text[: span.start].split("\n")[:-1]
    found: list[str] = []
    while lines and lines[-1].strip().startswith("#"):
        found.insert(0, lines.pop().strip().lstrip("#").strip())
    return "\n".join(found)
