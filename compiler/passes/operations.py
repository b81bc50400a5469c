"""Which operations of the `prepare` section suit which column."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from sess.compiler import codes
from sess.compiler.block import Chosen
from sess.compiler.diagnostics import Label
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.passes.derived import MAKES_CODES, TWO_COLUMNS, Derived
from sess.compiler.passes.overrides import Override
from sess.compiler.represent import is_category
from sess.compiler.schema import Column, Dtype
from sess.compiler.similar import listing
from sess.compiler.source import Span
from sess.compiler.types import Level

_NUMBERS = ("standardize", "log1p", "clip", "fill", "bucketize")
_COUNTS = ("min_count", "max_size", "buckets", "n")


def check_operations(facts: Facts, ctx: Context) -> None:
    """Report operations that can't be done on their column."""
    checked: set[Span] = set()
    for name, derived in facts.derived.items():
        if not _is_made_well(name, derived, facts, ctx):
            checked.add(derived.entry.value.span)
    for name, override in facts.overrides.items():
        if override.span not in checked and not _suits(name, override, facts, ctx):
            checked.add(override.span)  # a domain's operations are wrong once


def _suits(name: str, override: Override, facts: Facts, ctx: Context) -> bool:
    """Whether the operations can be done on a column; reported if not."""
    operations, at = override.operations, override.span
    column = facts.column(name)
    if name == facts.session:
        message = f"`{name}` is the key of the sessions, which is never prepared"
        ctx.reporter.error(codes.KEY_COLUMN, message, at, help="leave it out")
        return False
    if not _in_range(operations, at, ctx):
        return False
    wrong = (
        _wrong_order(name, operations) or _wrong_take(name, operations, facts) or _wrong_codes(name, operations, facts)
    )
    if wrong:
        message, helps = wrong
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, help=helps)
        return False
    odd = next((each.name for each in operations if each.name not in ("categorify", "hash", "take")), None)
    if odd is not None and facts.is_bag(name):
        message = f"`{odd}` is of one value, and `{name}` is a list"
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, labels=[Label(column.span, "a list here")])
        return False
    first = operations[0].name if operations else ""
    number = next((each.name for each in operations if each.name in _NUMBERS), None)
    if number is not None and first != "time_parts" and not _is_number(name, column, facts):
        kind = "a time" if _is_time(name, column, facts) else "categories" if is_category(column) else "text"
        message = f"`{number}` is of numbers, and `{name}` is {kind}"
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, labels=[Label(column.span, f"{kind} here")])
        return False
    if first == "time_parts" and not _is_time(name, column, facts):
        message = f"`time_parts` is of times, and `{name}` is {column.dtype.value}"
        helps = "tag it TIME in the schema if it counts from 1970"
        labels = [Label(column.span, f"{column.dtype.value} here")]
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, help=helps, labels=labels)
        return False
    return True


def _wrong_order(name: str, operations: Iterable[Chosen]) -> tuple[str, str] | None:
    """Return what is wrong with the order: times come first, codes last."""
    names = [each.name for each in operations if each.name != "take"]
    word = next((each for each in names if each in TWO_COLUMNS), None)
    if word is not None:
        return f"`{word}` defines a column, so it stands first in a value", "give the new column a name of its own"
    if "time_parts" in names[1:]:
        return f"`time_parts` reads a time, so it is the first operation on `{name}`", ""
    coded = [each for each in names if each in MAKES_CODES]
    if len(coded) > 1 and coded not in (["time_parts", "categorify"], ["time_parts", "hash"]):
        return f"`{name}` becomes codes by one operation, not by {listing(coded)}", ""
    if coded and names[-1] != coded[-1]:
        return f"`{coded[-1]}` of `{name}` makes codes, so nothing comes behind it", ""
    if coded and coded[-1] == "bucketize" and "standardize" in names:
        return f"`bucketize` of `{name}` has boundaries in its own units, so nothing is standardised before it", ""
    before = [each for each in names if each in _NUMBERS and each != "bucketize"]
    if coded and coded[-1] in ("categorify", "hash") and before:
        return f"`{name}` becomes codes by one operation, not by {listing(names)}", ""
    return None


def _wrong_take(name: str, operations: Iterable[Chosen], facts: Facts) -> tuple[str, str] | None:
    """Return what is wrong with `take`, which chooses among the values of a session's events."""
    which = next((str(each.params["which"]) for each in operations if each.name == "take"), None)
    if which is None:
        return None
    if facts.levels[name] is Level.STEP:
        return f"`take` chooses one of a session's values, and `{name}` is of every step", ""
    if name in facts.derived:
        sources = listing(facts.derived[name].sources)
        return f"`{name}` is computed from what its session took already", f"let {sources} take it"
    dtype = facts.column(name).dtype
    if which in ("max", "sum") and (dtype in (Dtype.STRING, Dtype.BOOL, Dtype.DATETIME) or facts.column(name).is_list):
        kind = "a list" if facts.column(name).is_list else dtype.value
        return f"`take({which})` of `{name}` needs numbers, it is {kind}", "use `take(first)` or `take(last)`"
    return None


def _wrong_codes(name: str, operations: Iterable[Chosen], facts: Facts) -> tuple[str, str] | None:
    """Return what is wrong with `categorify` and `hash`, which need categories and a way back to items."""
    word = next((each.name for each in operations if each.name in ("categorify", "hash")), None)
    if word is None:
        return None
    if name not in facts.domains.of:
        return f"`{word}` makes codes of categories, and `{name}` is {facts.column(name).dtype.value}", ""
    item = facts.item
    if word == "hash" and item is not None and facts.domains.of[name] == facts.domains.of.get(item):
        return f"`hash` of `{name}` leaves no way back from a code to an item", "use `categorify(buckets=…)`"
    return None


def _is_number(name: str, column: Column, facts: Facts) -> bool:
    if column.dtype in (Dtype.STRING, Dtype.BOOL, Dtype.DATETIME):
        return False
    return not is_category(column) or name in facts.derived


def _is_time(name: str, column: Column, facts: Facts) -> bool:
    """Whether a column holds times: datetimes, or numbers that count from 1970."""
    if column.dtype is Dtype.DATETIME:
        return True
    is_number = column.dtype.is_integer or column.dtype.is_float
    derived = facts.derived.get(name)
    if derived is not None:
        return derived.maker is None and _is_time(derived.sources[0], facts.column(derived.sources[0]), facts)
    return is_number and (name == facts.time or column.has("time"))


def _is_made_well(name: str, derived: Derived, facts: Facts, ctx: Context) -> bool:
    """Whether a derived column can be computed from its sources; reported if not."""
    at = derived.entry.value.span
    columns = [facts.column(source) for source in derived.sources]
    bag = next((each for each in columns if facts.is_bag(each.name)), None)
    if bag is not None:
        message = f"`{name}` would be computed from `{bag.name}`, which is a list"
        labels = [Label(bag.span, "a list here")]
        helps = "a column is computed from one value each"
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, labels=labels, help=helps)
        return False
    prepared = next(
        (each for each in derived.sources if each in facts.derived and facts.derived[each].operations), None
    )
    if prepared is not None:
        message = f"`{name}` would be computed from `{prepared}`, which is prepared already"
        helps = f"start where `{prepared}` starts: at {listing(facts.derived[prepared].sources)}"
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, help=helps)
        return False
    if facts.session in derived.sources:
        message = f"`{facts.session}` is the key of the sessions, so nothing is computed from it"
        ctx.reporter.error(codes.WRONG_OPERATION, message, at)
        return False
    if derived.maker is None:
        return True
    word = derived.maker.name
    times = [_is_time(each.name, each, facts) for each in columns]
    text = next((each for each in columns if each.dtype in (Dtype.STRING, Dtype.BOOL)), None)
    if text is not None or (word == "ratio" and any(times)):
        wrong = text or columns[times.index(True)]
        message = f"`{word}` is of numbers, and `{wrong.name}` is {wrong.dtype.value}"
        labels = [Label(wrong.span, f"{wrong.dtype.value} here")]
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, labels=labels)
        return False
    is_datetime = [each.dtype is Dtype.DATETIME for each in columns]
    if any(times) and (not all(times) or len(set(is_datetime)) > 1):
        message = f"`difference` of `{columns[0].name}`, {columns[0].dtype.value}, and `{columns[1].name}`, "
        message += f"{columns[1].dtype.value}, mixes times of two kinds"
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, help="both are datetimes, or both count in `unit`")
        return False
    unit = derived.maker.params.get("unit")
    if unit is not None and not any(times):
        message = f"`unit` is of times, and `{columns[0].name}` and `{columns[1].name}` are numbers"
        ctx.reporter.error(codes.WRONG_OPERATION, message, at, help="leave `unit` out")
        return False
    return True


def _in_range(operations: tuple[Chosen, ...], at: Span, ctx: Context) -> bool:
    """Whether the counts of operations are counts, and bounds are in order; reported if not."""
    for each in operations:
        for name in _COUNTS:
            value = each.params.get(name)
            if isinstance(value, int) and value < 1:
                message = f"`{name}` of `{each.name}` is at least 1, not {value}"
                ctx.reporter.error(codes.OUT_OF_RANGE, message, at)
                return False
        low, high = each.params.get("lo"), each.params.get("hi")
        if isinstance(low, float) and isinstance(high, float) and low > high:
            message = f"`clip` from {low:g} to {high:g} leaves nothing between"
            ctx.reporter.error(codes.OUT_OF_RANGE, message, at)
            return False
        bounds = each.params.get("boundaries")
        if isinstance(bounds, list) and (not bounds or any(a >= b for a, b in pairwise(map(_float, bounds)))):
            said = "[" + ", ".join(f"{_float(bound):g}" for bound in bounds) + "]"
            message = f"the boundaries of `bucketize` rise, at least one of them, not {said}"
            ctx.reporter.error(codes.OUT_OF_RANGE, message, at)
            return False
    return True


def _float(value: object) -> float:
    assert isinstance(value, (int, float))
    return float(value)
