"""The sections of a spec with every default written out, so that they could stand in it."""

from __future__ import annotations

import json
from typing import Any

from sess.compiler.block import Chosen, JsonValue, Kind
from sess.compiler.graph import CheckedGraph
from sess.compiler.input_names import raw_name
from sess.compiler.plans import Program, Take
from sess.compiler.registry import Registry
from sess.compiler.report.spelling import Speller
from sess.compiler.sections import KEYS
from sess.compiler.signature import parameters
from sess.compiler.tree import SectionName

_MAKES_COLUMNS = ("bucketize", "time_parts", "difference", "ratio")
_OF_MODEL = (SectionName.DATA, SectionName.TRAIN, SectionName.EVALUATE, SectionName.SERVE)


def sections(checked: CheckedGraph, program: Program, registry: Registry) -> dict[str, dict[str, str]]:
    """Return every key of every section as it would be written; keys that are empty are left out."""
    speller = Speller(registry, frozenset(checked.built.facts.resolved.definitions))
    found: dict[str, dict[str, str]] = {}
    for name in _OF_MODEL:
        values = _values(name, checked, program)
        found[name.value] = {
            each.name: speller.value(values[each.name], each.hint)
            for each in parameters(KEYS[name])
            if each.name in values and values[each.name] is not None and (values[each.name] != () or each.default)
        }
        if name is SectionName.DATA:
            found["prepare"] = _prepare(checked, program, speller)
    return found


def written(found: dict[str, dict[str, str]]) -> str:
    """Return sections as text, their equal signs below each other."""
    parts = []
    for name, entries in found.items():
        width = max(map(len, entries), default=0)
        lines = [f"  {key:<{width}} = {text}" for key, text in entries.items()]
        parts.append("\n".join([f"{name} {{", *lines, "}"]) if lines else f"{name} {{}}")
    return "\n".join(parts)


def _values(name: SectionName, checked: CheckedGraph, program: Program) -> dict[str, Any]:
    """Return a section's keys with what they come to; what depends on other keys is in the plans."""
    built = checked.built
    match name:
        case SectionName.DATA:
            data = built.facts.data
            rows = data.rows or Chosen(program.workflow.data.rows.value)
            return {**_fields(data), "rows": Chosen(rows.name, _with_columns(rows, program))}
        case SectionName.TRAIN:
            tokens = program.train.tokens
            derived = {"batch": None if tokens else program.train.batch, "stop": program.train.stop}
            return {**_fields(built.train), **derived}
        case SectionName.EVALUATE:
            metrics = tuple(map(str, program.evaluate.metrics))
            return {**_fields(built.evaluate), "metrics": metrics, "exclude": list(program.evaluate.exclude)}
        case _:
            serve = _fields(built.serve)
            return {**serve, "exclude": list(built.serve.exclude), "accept": list(built.serve.accept)}


def _fields(keys: Any) -> dict[str, Any]:  # the dataclass of any section
    return {each.name: getattr(keys, each.name) for each in parameters(type(keys))}


def _with_columns(rows: Chosen, program: Program) -> dict[str, JsonValue]:
    """Return the arguments of `rows` with the columns that the schema's tags chose."""
    if rows.name != "events":
        return dict(rows.params)
    data = program.workflow.data
    found = {key: {"names": [name]} for key, name in (("session", data.session), ("time", data.time)) if name}
    defaults: dict[str, JsonValue] = {
        "unit": data.unit,
        "idle": data.idle,
        "dedupe": "consecutive" if data.dedupe else "none",
    }
    return {**defaults, **rows.params, **found}  # type: ignore[dict-item] # JSON values all


def _prepare(checked: CheckedGraph, program: Program, speller: Speller) -> dict[str, str]:
    """Return the derived preparation: of a domain under one of its columns, of every number under its own name."""
    shared = {domain.columns[0] for domain in program.workflow.domains if domain.columns}  # or only the catalogue's
    domains = {column: domain for domain in program.workflow.domains for column in domain.columns}
    own = checked.built.facts.overrides
    given = checked.built.facts.resolved.sections[SectionName.PREPARE]
    keys = {name: next((each for each in domains[name].columns if own.get(each)), name) for name in shared}
    found: dict[str, str] = {}
    for column in program.workflow.columns:
        if column.sources and column.name == raw_name(column.sources[0]):
            continue  # a column's own numbers beside the prepared ones: nothing that a spec could say
        if column.name in given and (column.sources or any(op.name in _MAKES_COLUMNS for op in column.ops)):
            found[_key(column.name)] = given[column.name].value.span.text  # what is computed has no other spelling
            continue
        if column.name in shared:
            ops = [domains[column.name].categorify]
            key = keys[column.name]
        elif column.name in domains:
            continue
        else:
            ops, key = list(column.ops), column.name
        if column.take is not Take.FIRST and column.role == "session" and (column.is_input or column.is_target):
            ops.append(Chosen("take", {"which": column.take.value}))
        if ops:
            found[_key(key)] = " >> ".join(speller.call(op, Kind.PREPARE) for op in ops)
    return found


def _key(name: str) -> str:
    is_bare = name.isidentifier() and name.isascii()
    return name if is_bare else json.dumps(name, ensure_ascii=False)
