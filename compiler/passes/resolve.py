"""Names and what they stand for: one table of definitions, params by value, sections merged, cycles reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sess.compiler import codes
from sess.compiler.block import Chosen
from sess.compiler.diagnostics import Label
from sess.compiler.misspelt import respelling
from sess.compiler.passes.context import Context, Inputs
from sess.compiler.passes.cycles import cycles
from sess.compiler.passes.spaces import check_space, is_constant
from sess.compiler.sections import KEYS
from sess.compiler.signature import kind_of, members, parameters
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Span
from sess.compiler.tree import (
    Broken,
    Definition,
    Entry,
    Kind,
    ListOf,
    Literal,
    Name,
    ParamStatement,
    SchemaStatement,
    Section,
    SectionName,
    SpecStatement,
    Word,
)

Constant = Literal | ListOf | Broken
"""What a param stands for."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A spec as one table of names; definitions that are part of a cycle are left out and named in `broken`."""

    name: Word
    title: str | None
    definitions: Mapping[str, Definition]
    params: Mapping[str, Constant]
    sections: Mapping[SectionName, Mapping[str, Entry]]
    broken: frozenset[str]
    own: tuple[Word, ...]
    """The names that the spec itself defines, without those of its imports."""
    words: tuple[Word, ...]
    """All names that are defined, each once."""
    catalogue: Span | None
    """Where the catalogue's schema is named; None if it isn't."""
    unsure: frozenset[SectionName]
    """The sections with an unknown key: what seems to be missing there may only be misspelt."""
    has_head: bool
    """Whether any statement is a head, sound or not."""


def resolve(inputs: Inputs, ctx: Context) -> Resolved:
    """Merge the files of a spec and resolve its params."""
    named = _spec_statement(inputs, ctx)
    definitions, params, unclear = _definitions(inputs, ctx)
    sections = _sections(inputs, ctx)
    for statement in params.values():
        if statement.space is not None:
            check_space(statement.name.text, statement.value, statement.space, ctx.reporter)
    _override(inputs, params, sections, ctx)
    values = {name: _value(statement, ctx) for name, statement in params.items()}
    broken = cycles(definitions, ctx) | unclear
    sound = {name: definition for name, definition in definitions.items() if name not in broken}
    own = tuple(each.name for each in inputs.spec.statements if isinstance(each, (Definition, ParamStatement)))
    unsure = frozenset(name for name in KEYS if name is not SectionName.PREPARE and _has_unknown_key(inputs, name))
    words = (*(each.name for each in definitions.values()), *(each.name for each in params.values()))
    catalogue = next((each.span for each in _schemas(inputs) if each.is_catalogue), None)
    has_head = any(
        isinstance(each, Definition) and each.kind is Kind.HEAD
        for file in (inputs.spec, *inputs.imports)
        for each in file.statements
    )
    return Resolved(named.name, named.title, sound, values, sections, broken, own, words, catalogue, unsure, has_head)


def _spec_statement(inputs: Inputs, ctx: Context) -> SpecStatement:
    found = [each for each in inputs.spec.statements if isinstance(each, SpecStatement)]
    for extra in found[1:]:
        labels = [Label(found[0].span, "first here")]
        ctx.reporter.error(codes.GIVEN_TWICE, "a spec has one `spec` statement", extra.span, labels=labels)
    for imported in inputs.imports:
        for each in imported.statements:
            if isinstance(each, SpecStatement):
                message = f"an imported file can't be a spec of its own, and this one is `{each.name.text}`"
                helps = "leave the `spec` statement out: the file that imports has one"
                ctx.reporter.error(codes.BAD_IMPORT, message, each.span, help=helps)
    if found:
        return found[0]
    at = Span(inputs.spec.source, 0, min(1, len(inputs.spec.source.text)))
    if not ctx.reporter.has_syntax_errors:
        ctx.reporter.error(codes.NO_SPEC, "there is no `spec` statement", at, help="begin with `spec name`")
    return SpecStatement(Word("unnamed", at), None, at)  # so that what else is wrong is found too


def _definitions(
    inputs: Inputs, ctx: Context
) -> tuple[dict[str, Definition], dict[str, ParamStatement], frozenset[str]]:
    """Return definitions and params by name, and the names that are given to things of two kinds (reported)."""
    definitions: dict[str, Definition] = {}
    params: dict[str, ParamStatement] = {}
    seen: dict[str, Span] = {}
    unclear: set[str] = set()
    for file in (inputs.spec, *inputs.imports):
        for statement in file.statements:
            if not isinstance(statement, (Definition, ParamStatement)):
                continue
            name = statement.name
            if name.text in seen:
                first = definitions.get(name.text)
                if getattr(first, "kind", None) is not getattr(statement, "kind", None):
                    unclear.add(name.text)
                report_twice(f"`{name.text}` is defined twice", seen[name.text], name.span, inputs, ctx)
                continue
            seen[name.text] = name.span
            if isinstance(statement, Definition):
                definitions[name.text] = statement
            else:
                params[name.text] = statement
    for each in unclear & params.keys():
        params[each] = replace(params[each], value=Broken(params[each].value.span), space=None)
    return {name: each for name, each in definitions.items() if name not in unclear}, params, frozenset(unclear)


def _sections(inputs: Inputs, ctx: Context) -> dict[SectionName, dict[str, Entry]]:
    sections: dict[SectionName, dict[str, Entry]] = {name: {} for name in SectionName}
    for file in (inputs.spec, *inputs.imports):
        for section in file.statements:
            if isinstance(section, Section):
                for entry in section.entries:
                    _add_entry(sections[section.name], section.name, entry, inputs, ctx)
    return sections


def _add_entry(entries: dict[str, Entry], section: SectionName, entry: Entry, inputs: Inputs, ctx: Context) -> None:
    key = entry.key
    if section is not SectionName.PREPARE:
        known = [each.name for each in parameters(KEYS[section])]
        if key.text not in known:
            ctx.reporter.error(
                codes.UNKNOWN_KEY,
                f"`{section.value}` has no key `{key.text}`",
                key.span,
                help=did_you_mean(key.text, known) or _elsewhere(key.text, section, ctx) or f"it has {listing(known)}",
                fixes=respelling(key.text, key.span, known),
            )
            return
    if key.text in entries:
        report_twice(f"`{key.text}` is given twice", entries[key.text].key.span, key.span, inputs, ctx)
        return
    entries[key.text] = entry


def report_twice(message: str, first: Span, second: Span, inputs: Inputs, ctx: Context) -> None:
    """Report what is given twice where it stands in the spec itself, the other place beside it."""
    is_imported = first.source == inputs.spec.source != second.source
    at, other = (first, second) if is_imported else (second, first)
    ctx.reporter.error(
        codes.GIVEN_TWICE, message, at, labels=[Label(other, "imported" if is_imported else "first here")]
    )


def _has_unknown_key(inputs: Inputs, section: SectionName) -> bool:
    known = {each.name for each in parameters(KEYS[section])}
    statements = [each for file in (inputs.spec, *inputs.imports) for each in file.statements]
    given = [
        entry.key.text
        for each in statements
        if isinstance(each, Section) and each.name is section
        for entry in each.entries
    ]
    return any(key not in known for key in given)


def _elsewhere(key: str, section: SectionName, ctx: Context) -> str:
    """Return where a key belongs: in another section, or as an argument in the value of another key; "" if nowhere."""
    homes = [
        name.value for name in KEYS if name is not section and key in {each.name for each in parameters(KEYS[name])}
    ]
    if homes:
        return f"it is a key of {listing(homes)}"
    for name in (section, *KEYS):
        for each in parameters(KEYS[name]):
            for kind in (found for member in members(each.hint) if (found := kind_of(member)) is not None):
                for word in (each.default.name if isinstance(each.default, Chosen) else "", *ctx.registry.names(kind)):
                    entry = ctx.registry.find(word, kind)
                    if entry is not None and key in {own.name for own in parameters(entry.Params)}:
                        return f"it is an argument: `{name.value} {{ {each.name} = {word}({key}=…) }}`"
    return ""


def _override(
    inputs: Inputs,
    params: dict[str, ParamStatement],
    sections: dict[SectionName, dict[str, Entry]],
    ctx: Context,
) -> None:
    for override in inputs.overrides.values():
        key, value = override.key, override.value
        section, _, inner = key.text.partition(".")
        if section in {name.value for name in SectionName} and inner:
            entries = sections[SectionName(section)]
            entries.pop(inner, None)
            at = Span(key.span.source, key.span.start + len(section) + 1, key.span.end)
            _add_entry(entries, SectionName(section), Entry(Word(inner, at), value, key.span), inputs, ctx)
        elif key.text in params:
            params[key.text] = replace(params[key.text], value=value)
        else:
            known = [
                *params,
                *(f"{name.value}.{each.name}" for name, keys in KEYS.items() for each in parameters(keys)),
            ]
            message = f"there is no param or key `{key.text}`"
            ctx.reporter.error(codes.UNKNOWN_OVERRIDE, message, key.span, help=did_you_mean(key.text, known))


def _value(statement: ParamStatement, ctx: Context) -> Constant:
    value = statement.value
    if isinstance(value, (Literal, Broken)) or (isinstance(value, ListOf) and is_constant(value)):
        return value
    name, text = statement.name.text, value.span.text
    message = f"the param `{name}` is a number, text, truth value, duration or list of them, not `{text}`"
    helps = f'a word is written as text: `"{text}"`' if isinstance(value, Name) else ()
    ctx.reporter.error(codes.WRONG_VALUE, message, value.span, help=helps)
    return Broken(value.span)


def _schemas(inputs: Inputs) -> Iterator[SchemaStatement]:
    for file in (inputs.spec, *inputs.imports):
        yield from (each for each in file.statements if isinstance(each, SchemaStatement))
