"""Arguments become parameters: each expression is read as the type that its field wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from sess.compiler import codes
from sess.compiler.block import (
    Chosen,
    Entry,
    HeadName,
    Kind,
    MetricWord,
    Microseconds,
    Pipe,
    Selection,
    SliceName,
    TableName,
    TowerName,
)
from sess.compiler.codec import encode
from sess.compiler.defaults import complete
from sess.compiler.diagnostics import Edit, Fix
from sess.compiler.matching import named, places
from sess.compiler.mismatch import found, remedy
from sess.compiler.misspelt import respelling
from sess.compiler.paths import at_home
from sess.compiler.registry import Registry
from sess.compiler.scope import Scope
from sess.compiler.signature import (
    NOUNS,
    Hint,
    Missing,
    Parameter,
    describe,
    is_path,
    kind_of,
    members,
    origin,
    parameters,
    plain,
    ports,
    range_of,
    signature_text,
    wants_one_column,
    words,
)
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Span
from sess.compiler.tree import Broken, Call, Duration, Expression, ListOf, Metric, Name
from sess.compiler.tree import Literal as Constant
from sess.compiler.words import FilePath


@dataclass(frozen=True, slots=True)
class Given:
    """A value that an expression stands for; it may be None, which is why it has a box."""

    value: Any  # any value that a field may have


@dataclass(frozen=True, slots=True)
class Bound:
    """A call whose parameters are complete, and the expressions of its ports; not sound with arguments to spare."""

    params: Any  # the entry's own dataclass
    ports: Mapping[str, tuple[Expression, ...]]
    spans: Mapping[str, Span]
    is_sound: bool


def bind(entry: Entry[Any], call: Call | Name, scope: Scope, *, given: int = 0) -> Bound | None:
    """Read a call's arguments by the signature of its entry; None if a parameter is wrong or lacks (reported).

    `given` is how many of the first ports are filled already: by what is piped in, or by nothing in a Pipe.
    """
    arguments = call.arguments if isinstance(call, Call) else ()
    slots = ports(entry)
    wanted = parameters(entry.Params)
    placed = places(entry.name, slots, wanted, arguments, scope.reporter, given)
    found = placed.found
    names = {slot.name for slot in slots}
    kind, owner = entry.kind if entry.kind in (Kind.HEAD, Kind.BASELINE, Kind.TABLE) else None, entry.name
    values = read_fields(
        owner, wanted, {name: each[0] for name, each in found.items() if name not in names}, scope, kind
    )
    lacking = [f"`{slot.name}`" for index, slot in enumerate(slots) if index >= given and slot.name not in found]
    absent = lacking + [f"`{each.name}`" for each in wanted if each.is_required and each.name not in found]
    if absent and not placed.is_explained:
        scope.reporter.error(
            codes.MISSING_ARGUMENT,
            f"`{owner}` lacks {' and '.join(absent)}",
            call.span,
            help=f"it is `{signature_text(entry)}`",
        )
    if absent or values is None:
        return None
    return Bound(
        entry.Params(**values),
        {slot.name: tuple(found.get(slot.name, ())) for slot in slots},
        spans(entry, call, scope.registry, given),
        placed.is_sound,
    )


def spans(entry: Entry[Any], call: Expression, registry: Registry, given: int = 0) -> dict[str, Span]:
    """Return where each argument of a call stands; those of one that is an entry itself as `loss.n`."""
    found: dict[str, Span] = {}
    if not isinstance(call, Call):
        return found
    wanted = {each.name: each for each in parameters(entry.Params)}
    for argument, name in named(ports(entry), tuple(wanted.values()), call.arguments, given):
        if name is None or name in found:
            continue
        found[name] = argument.value.span
        kinds = [kind for hint in members(wanted[name].hint) if (kind := kind_of(hint))] if name in wanted else []
        inner = registry.find(argument.value.name.text, *kinds) if isinstance(argument.value, Call) and kinds else None
        if inner is not None:
            found |= {f"{name}.{key}": span for key, span in spans(inner, argument.value, registry).items()}
    return found


def read_fields(
    owner: str,
    wanted: Sequence[Parameter],
    given: Mapping[str, Expression],
    scope: Scope,
    kind: Kind | None = None,
) -> dict[str, Any] | None:
    """Return a value for each field, defaults written out; None if one is wrong (reported); required ones may lack."""
    values: dict[str, Any] = {}
    is_sound = True
    for each in wanted:
        if each.name in given:
            found = read(given[each.name], each.hint, f"`{each.name}` of `{owner}`", scope, kind)
            is_sound = is_sound and found is not None
            values[each.name] = found.value if found else None
        elif each.default is not Missing.REQUIRED:
            values[each.name] = complete(each.default, each.hint, scope.registry)
    return values if is_sound else None


def read(expression: Expression, hint: Hint, owner: str, scope: Scope, kind: Kind | None = None) -> Given | None:
    """Return the value of an expression as its hint wants it; None if it is of another type (reported)."""
    fixed = words(hint)
    if isinstance(expression, Name):
        if expression.text in fixed:
            return Given(fixed[expression.text])
        constant = scope.constant(expression)
        if constant is not None:
            located = at_home(constant, scope.home) if is_path(hint) else constant
            expression = located if isinstance(located, Broken) else replace(located, span=expression.span)
    elif is_path(hint):
        expression = at_home(expression, scope.home)
    if isinstance(expression, Broken):
        return None
    for member in members(hint):
        if _fits(expression, member, scope):
            return _read_member(expression, member, owner, scope, kind)
    helps, fixes = remedy(expression, hint, scope.registry)
    message = f"{owner} is {describe(hint)}, not {found(expression)}"
    scope.reporter.error(codes.WRONG_VALUE, message, expression.span, help=helps, fixes=fixes)
    return None


def _fits(expression: Expression, hint: Hint, scope: Scope) -> bool:
    """Return whether an expression has the form that a hint wants; its words are looked up later."""
    base = plain(hint)
    value = expression.value if isinstance(expression, Constant) else None
    if base is bool:
        return isinstance(value, bool)
    if base is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if base is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if base in (str, FilePath):
        return isinstance(value, str)
    if base is Microseconds:
        return isinstance(value, Duration)
    if base is MetricWord:
        return isinstance(value, Metric) or isinstance(expression, Name)
    if base is SliceName:
        return isinstance(expression, (Name, Call)) or isinstance(value, str)
    if origin(base) is Literal:
        return value is not None and value in get_args(base)
    if origin(base) is tuple:
        return isinstance(expression, ListOf) or (get_args(base)[0] in (str, FilePath) and isinstance(value, str))
    if base is Chosen:
        return isinstance(expression, (Name, Call))
    if base in (Selection, TableName, TowerName, HeadName, Pipe):
        return not isinstance(expression, (Constant, ListOf))
    return False


def _read_member(expression: Expression, hint: Hint, owner: str, scope: Scope, kind: Kind | None) -> Given | None:
    base = plain(hint)
    found: Any = None  # any value of a field
    if base is Selection:
        is_single = wants_one_column(hint) or kind in (Kind.HEAD, Kind.BASELINE)
        found = scope.select(expression, owner, is_single=is_single, kind=kind)
    elif base is TableName:
        found = scope.table(expression, owner)
    elif base is TowerName:
        found = scope.tower(expression, owner)
    elif base is HeadName:
        found = scope.head(expression, owner)
    elif base is Pipe:
        found = scope.pipe(expression, owner)
    elif base is Chosen:
        found = choose(expression, kind_of(hint), owner, scope)
    elif base is MetricWord:
        found = _metric(expression, scope)
    elif base is SliceName:
        found = scope.slice(expression)
    elif isinstance(expression, ListOf):
        return _read_list(expression, get_args(base), owner, scope)
    elif isinstance(expression, Constant):
        value = expression.value
        if origin(base) is tuple:
            found = (value,)
        elif base is float and isinstance(value, int):
            found = float(value)
        else:
            found = value.microseconds if isinstance(value, Duration) else value
        bounds = range_of(hint)
        if bounds is not None and not bounds.holds(found):
            message = f"{owner} is {bounds}, not {expression.span.text}"
            scope.reporter.error(codes.OUT_OF_RANGE, message, expression.span)
            return None
    return None if found is None else Given(found)


def _read_list(items: ListOf, inner: tuple[Hint, ...], owner: str, scope: Scope) -> Given | None:
    if len(inner) == 2 and inner[1] is Ellipsis:
        hints: tuple[Hint, ...] = (inner[0],) * len(items.items)
    elif len(inner) == len(items.items):
        hints = inner
    else:
        message = f"{owner} is a list of {len(inner)} values, not of {len(items.items)}"
        scope.reporter.error(codes.WRONG_VALUE, message, items.span)
        return None
    found = [read(item, hint, owner, scope) for item, hint in zip(items.items, hints, strict=True)]
    return Given(tuple(box.value for box in found if box)) if all(found) else None


def choose(expression: Expression, kind: Kind | None, owner: str, scope: Scope) -> Chosen | None:
    """Return the entry that an expression names, its parameters complete; None if there is none (reported)."""
    if kind is None or not isinstance(expression, (Name, Call)):
        return None
    word = expression.name.text if isinstance(expression, Call) else expression.text
    at = expression.name.span if isinstance(expression, Call) else expression.span
    entry = scope.registry.find(word, kind)
    if entry is None:
        known = scope.registry.names(kind)
        scope.reporter.error(
            codes.UNKNOWN_BLOCK,
            f"there is no {NOUNS.get(kind, kind.value)} `{word}`",
            at,
            help=did_you_mean(word, known) or f"there is {listing(known)}",
            fixes=respelling(word, at, known),
        )
        return None
    bound = bind(entry, expression, scope)
    if bound is None or not bound.is_sound:
        return None
    written = encode(bound.params)
    return Chosen(word, written if isinstance(written, dict) else {})


def _metric(expression: Expression, scope: Scope) -> str | None:
    value = expression.value if isinstance(expression, Constant) else None
    name = value.name if isinstance(value, Metric) else expression.span.text
    entry: Any = scope.registry.find(name, Kind.METRIC)  # a metric entry says whether it ranks
    if entry is None:
        known = scope.registry.names(Kind.METRIC)
        helps = did_you_mean(name, known) or f"there is {listing(known)}"
        word = Span(expression.span.source, expression.span.start, expression.span.start + len(name))
        fixes = respelling(name, word, known)
        scope.reporter.error(codes.UNKNOWN_BLOCK, f"there is no metric `{name}`", word, help=helps, fixes=fixes)
        return None
    cutoff = value.cutoff if isinstance(value, Metric) else None
    if entry.is_ranking and cutoff is None:
        fix = Fix(f"write `{name}@10`", (Edit(expression.span, f"{name}@10"),), is_safe=False)
        scope.reporter.error(codes.WRONG_VALUE, f"`{name}` lacks its cutoff", expression.span, fixes=[fix])
        return None
    if cutoff is not None and (not entry.is_ranking or cutoff < 1):
        message = (
            f"`{name}` has no cutoff" if not entry.is_ranking else f"the cutoff of `{name}` is at least 1, not {cutoff}"
        )
        plain_name = Fix(f"write `{name}`", (Edit(expression.span, name),), is_safe=False)
        fixes = () if entry.is_ranking else (plain_name,)
        scope.reporter.error(codes.WRONG_VALUE, message, expression.span, fixes=fixes)
        return None
    return name if cutoff is None else f"{name}@{cutoff}"
