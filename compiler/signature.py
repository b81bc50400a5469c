"""The signature of a word: its parameters are the fields of its frozen dataclass, with their types and defaults."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from sess.compiler.block import (
    ONE,
    TIME,
    Chosen,
    Entry,
    HeadName,
    Kind,
    MetricWord,
    Microseconds,
    Pipe,
    Port,
    Selection,
    SliceName,
    TableName,
    TowerName,
)
from sess.compiler.ranges import Range
from sess.compiler.words import FilePath

Hint = Any  # a type hint is any object


class Missing(Enum):
    """The default of what must be given."""

    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a word or key of a section; `default` is REQUIRED where there is none."""

    name: str
    hint: Hint
    default: Any  # any value that a field may have

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is Missing.REQUIRED


_KNOWN: dict[type[Any], tuple[Parameter, ...]] = {}


def parameters(cls: type[Any]) -> tuple[Parameter, ...]:
    """Return the parameters of a dataclass in order."""
    if cls not in _KNOWN:
        hints = get_type_hints(cls, include_extras=True)
        _KNOWN[cls] = tuple(Parameter(each.name, hints[each.name], _default(each)) for each in dataclasses.fields(cls))
    return _KNOWN[cls]


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return Missing.REQUIRED


def ports(entry: Any) -> tuple[Port, ...]:  # entries of options have no ports at all
    """Return the ports of an entry, none for what isn't a block of the graph."""
    return tuple(getattr(entry, "inputs", ()))


def origin(hint: Hint) -> Any:  # what stands before the brackets of a hint has no light type
    """Return the generic of a hint: `tuple` of `tuple[int, ...]`; None if it has none."""
    return get_origin(hint)


def members(hint: Hint) -> tuple[Hint, ...]:
    """Return the alternatives of a union, else the hint alone."""
    return get_args(hint) if origin(hint) in (Union, types.UnionType) else (hint,)


def words(hint: Hint) -> Mapping[str, Any]:
    """Return the fixed words that a hint allows, with the values they stand for."""
    found: dict[str, Any] = {}
    for member in members(hint):
        if member is type(None):
            found["none"] = None
        elif origin(member) is Literal:
            found.update({choice: choice for choice in get_args(member) if isinstance(choice, str)})
        elif isinstance(member, type) and issubclass(member, StrEnum):
            found.update({choice.value: choice for choice in member})
    return found


def kind_of(hint: Hint) -> Kind | None:
    """Return the kind of entry that an `Annotated[Chosen, Kind.X]` wants; None for other hints."""
    if origin(hint) is Annotated and get_args(hint)[0] is Chosen:
        return next((extra for extra in get_args(hint)[1:] if isinstance(extra, Kind)), None)
    return None


def wants_one_column(hint: Hint) -> bool:
    """Whether a hint is OneColumn, or allows one."""
    return wants(hint, ONE)


def wants_time(hint: Hint) -> bool:
    """Whether a hint is TimeColumn, or allows one."""
    return wants(hint, TIME)


def wants(hint: Hint, mark: str) -> bool:
    """Whether a hint has a mark such as ONE, TIME, RAW or CODES, or allows one that has."""
    return any(origin(member) is Annotated and mark in get_args(member)[1:] for member in members(hint))


def range_of(hint: Hint) -> Range | None:
    """Return the numbers that a hint allows; None if it has no bounds."""
    extras = get_args(hint)[1:] if origin(hint) is Annotated else ()
    return next((extra for extra in extras if isinstance(extra, Range)), None)


def is_path(hint: Hint) -> bool:
    """Whether a hint wants a path, or a list of them."""
    return any(FilePath in (plain(member), *get_args(plain(member))) for member in members(hint))


def plain(hint: Hint) -> Hint:
    """Return a hint without its annotations."""
    return get_args(hint)[0] if origin(hint) is Annotated else hint


def describe(hint: Hint) -> str:
    """Return what a hint wants, in words: `a whole number or `auto``."""
    return " or ".join(_descriptions(hint))


_NAMES: Mapping[Hint, str] = {
    bool: "`true` or `false`",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    FilePath: "text in quotes",
    Selection: "columns",
    TableName: "a table",
    TowerName: "a table or a Tower",
    HeadName: "a head",
    Microseconds: "a duration such as `30m`",
    MetricWord: "a metric such as `ndcg@10`",
    SliceName: "`length`, `frequency` or a session column",
    Pipe: "a pipe such as `mlp([64]) >> norm`",
}


_KINDS: Mapping[Kind, str] = {
    Kind.KEEP: "a rule such as `last(50)`",
    Kind.ROWS: "`events(session=…, time=…)` or `sessions`",
    Kind.SPLIT: "a split such as `leave_one_out()`",
    Kind.STOP: "a rule such as `early(ndcg@10)`",
    Kind.INDEX: "an index such as `exact`",
    Kind.PLATFORM: 'a platform such as `triton("24.10")`',
    Kind.BATCH: "a rule such as `dynamic(max=64)`",
    Kind.OBJECTIVE: "an objective such as `next`",
}


NOUNS: Mapping[Kind, str] = {
    Kind.KEEP: "rule of `keep`",
    Kind.ROWS: "form of `rows`",
    Kind.STOP: "rule of `stop`",
    Kind.BATCH: "rule of `batch`",
    Kind.PREPARE: "operation",
}
"""What an entry of a kind is called where the kind's own name is no noun."""


def _descriptions(hint: Hint) -> Iterator[str]:
    fixed = words(hint)
    if any(kind_of(member) is not None for member in members(hint)):
        fixed = {}  # that a choice may be left out needs no word
    for member in members(hint):
        base = plain(member)
        kind = kind_of(member)
        if wants_time(member):
            yield TIME
        elif wants_one_column(member):
            yield "a column"
        elif kind is not None:
            yield _KINDS.get(kind) or f"{'an' if kind.value[0] in 'aeio' else 'a'} {kind.value}"
        elif isinstance(base, NewType) or base in _NAMES:
            yield _NAMES.get(base, "a value")
        elif origin(base) is tuple:
            yield f"a list of {_plural(get_args(base)[0])}"
    if fixed:
        yield _one_of(fixed)


def _one_of(choices: Iterable[str]) -> str:
    said = [f"`{word}`" for word in choices]
    return " or ".join(said) if len(said) < 3 else f"{', '.join(said[:-1])} or {said[-1]}"


def _plural(hint: Hint) -> str:
    names = {
        int: "whole numbers",
        float: "numbers",
        str: "texts in quotes",
        FilePath: "texts in quotes",
        MetricWord: "metrics",
        SliceName: "slices",
    }
    kind = kind_of(hint)
    if kind is not None:
        return f"{kind.value}s"
    return names.get(hint) or " or ".join(f"`{word}`" for word in words(hint)) or "values"


def signature_text(entry: Entry[Any]) -> str:
    """Return a call as a user would write it, `gru(units, layers=1, dropout=0.0)`; what is piped in isn't listed."""
    texts = [slot.name for slot in ports(entry)[1:]]
    for each in parameters(entry.Params):
        texts.append(each.name if each.is_required else f"{each.name}={value_text(each.default)}")
    return f"{entry.name}({', '.join(texts)})"


def value_text(value: Any) -> str:  # any default
    """Return a default as a user would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "none"
    if isinstance(value, Chosen):
        return value.name
    if isinstance(value, tuple):
        return f"[{', '.join(value_text(item) for item in value)}]"
    return str(value)
