"""Which operations of the `prepare` section suit which column."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.block import Chosen, Representation
from sess.compiler.diagnostics import Label
from sess.compiler.passes.selections import SelectionScope
from sess.compiler.similar import listing
from sess.compiler.tree import Entry
from sess.compiler.types import Level

_CODES = ("categorify", "hash")
_NUMBERS = ("standardize", "log1p", "clip", "fill")
_NOT_YET = ("bucketize", "time_parts", "difference", "ratio")
_COUNTS = ("min_count", "max_size", "buckets", "n")


def suits(column: str, operations: tuple[Chosen, ...], entry: Entry, scope: SelectionScope) -> bool:
    """Whether the operations can be done on a column; reported if not."""
    names = [each.name for each in operations]
    level = scope.facts.levels[column]
    if not _in_range(operations, entry, scope):
        return False
    if "take" in names and level is Level.STEP:
        message = f"`take` chooses one of a session's values, and `{column}` is of every step"
        scope.reporter.error(codes.WRONG_OPERATION, message, entry.value.span)
        return False
    not_yet = next((name for name in names if name in _NOT_YET), None)
    if not_yet is not None:
        message = f"`{not_yet}` of `{column}` can't be compiled yet"
        scope.reporter.error(codes.WRONG_OPERATION, message, entry.value.span, help="write the values into the data")
        return False
    number = next((name for name in names if name in _NUMBERS), None)
    if number is not None and scope.facts.representation(column) is Representation.EMBED:
        message = f"`{number}` is of numbers, and `{column}` is categories"
        labels = [Label(scope.facts.column(column).span, "categories here")]
        scope.reporter.error(codes.WRONG_OPERATION, message, entry.value.span, labels=labels)
        return False
    if any(name in _CODES for name in names) and len([name for name in names if name != "take"]) > 1:
        message = f"`{column}` becomes codes by one operation, not by {listing(names)}"
        scope.reporter.error(codes.WRONG_OPERATION, message, entry.value.span)
        return False
    if any(name in _CODES for name in names) and column not in scope.facts.domains.of:
        dtype = scope.facts.column(column).dtype.value
        message = f"`{names[0]}` makes codes of categories, and `{column}` is {dtype}"
        scope.reporter.error(codes.WRONG_OPERATION, message, entry.value.span)
        return False
    item = scope.facts.item
    if "hash" in names and item is not None and scope.facts.domains.of[column] == scope.facts.domains.of.get(item):
        message = f"`hash` of `{column}` leaves no way back from a code to an item"
        scope.reporter.error(codes.WRONG_OPERATION, message, entry.value.span, help="use `categorify(buckets=…)`")
        return False
    return True


def _in_range(operations: tuple[Chosen, ...], entry: Entry, scope: SelectionScope) -> bool:
    """Whether the counts of operations are counts, and bounds are in order; reported if not."""
    for each in operations:
        for name in _COUNTS:
            value = each.params.get(name)
            if isinstance(value, int) and value < 1:
                message = f"`{name}` of `{each.name}` is at least 1, not {value}"
                scope.reporter.error(codes.OUT_OF_RANGE, message, entry.value.span)
                return False
        low, high = each.params.get("lo"), each.params.get("hi")
        if isinstance(low, float) and isinstance(high, float) and low > high:
            message = f"`clip` from {low:g} to {high:g} leaves nothing between"
            scope.reporter.error(codes.OUT_OF_RANGE, message, entry.value.span)
            return False
    return True
