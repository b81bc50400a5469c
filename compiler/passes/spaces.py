"""Search spaces of params: `[a, b]`, `uniform(lo, hi)`, `log(lo, hi)`, `range(lo, hi)`; the default lies inside."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.similar import did_you_mean
from sess.compiler.tree import Broken, Call, Duration, Expression, ListOf, Literal, Metric

SPACES = ("uniform", "log", "range")
_BOUNDS = ("lo", "hi")


def is_constant(expression: Expression) -> bool:
    """Whether an expression is a literal, or a list of such."""
    if isinstance(expression, ListOf):
        return all(is_constant(item) for item in expression.items)
    return isinstance(expression, Literal)


def check_space(name: str, value: Expression, space: Expression, reporter: Reporter) -> None:
    """Report a space that is none, and a default that lies outside of it; a default that is no value is silent."""
    if isinstance(space, Broken):
        return
    if isinstance(space, ListOf):
        _check_choices(name, value, space, reporter)
        return
    if not isinstance(space, Call) or space.name.text not in SPACES:
        word = space.name.text if isinstance(space, Call) else space.span.text
        at = space.name.span if isinstance(space, Call) else space.span
        helps = did_you_mean(word, SPACES) or "a space is `[a, b]`, `uniform(lo, hi)`, `log(lo, hi)` or `range(lo, hi)`"
        reporter.error(codes.WRONG_VALUE, f"`{word}` is no search space", at, help=helps)
        return
    bounds = _bounds(space)
    if bounds is None or bounds[0] >= bounds[1]:
        reporter.error(codes.WRONG_VALUE, f"`{space.name.text}` wants two numbers, the smaller first", space.span)
        return
    low, high = bounds
    if space.name.text == "log" and low <= 0:
        reporter.error(codes.WRONG_VALUE, f"`log` wants bounds above 0, not {low:g}", space.span)
        return
    is_whole = space.name.text == "range"
    if is_whole and not (isinstance(low, int) and isinstance(high, int)):
        reporter.error(codes.WRONG_VALUE, "`range` wants whole numbers", space.span, help="or write `uniform(lo, hi)`")
        return
    number = _number(value)
    if is_constant(value) and (number is None or not low <= number <= high or (is_whole and isinstance(number, float))):
        _outside(name, value, space, reporter)


def _check_choices(name: str, value: Expression, space: ListOf, reporter: Reporter) -> None:
    if not space.items or not is_constant(space):
        if not any(isinstance(item, Broken) for item in space.items):
            reporter.error(codes.WRONG_VALUE, f"the space of `{name}` is a list of values", space.span)
        return
    kinds = {_kind(item) for item in space.items}
    if len(kinds) > 1:
        message = f"the space of `{name}` mixes {' and '.join(sorted(kinds))}"
        reporter.error(codes.WRONG_VALUE, message, space.span)
    elif is_constant(value) and _plain(value) not in [_plain(item) for item in space.items]:
        _outside(name, value, space, reporter)


def _bounds(space: Call) -> tuple[float, float] | None:
    """Return the lower and upper bound, given by place or by name; None if they aren't two numbers."""
    found: dict[str, float] = {}
    for place, argument in enumerate(space.arguments):
        label = argument.label.text if argument.label else _BOUNDS[place] if place < len(_BOUNDS) else ""
        number = _number(argument.value)
        if label not in _BOUNDS or label in found or number is None:
            return None
        found[label] = number
    return (found["lo"], found["hi"]) if len(found) == len(_BOUNDS) else None


def _number(expression: Expression) -> float | None:
    """Return the number of a literal; None if it is none."""
    if isinstance(expression, Literal) and isinstance(expression.value, (int, float)):
        return None if isinstance(expression.value, bool) else expression.value
    return None


def _kind(expression: Expression) -> str:
    """Return what a constant is, in words."""
    if not isinstance(expression, Literal):
        return "lists"
    match expression.value:
        case bool():
            return "truth values"
        case int() | float():
            return "numbers"
        case str():
            return "texts"
        case Duration():
            return "durations"
        case Metric():
            return "metrics"


def _plain(expression: Expression) -> object:
    """Return a constant as a value that compares by what it means: 30m is 1800s, and true is not 1."""
    if isinstance(expression, ListOf):
        return tuple(_plain(item) for item in expression.items)
    value = expression.value if isinstance(expression, Literal) else None
    return (_kind(expression), value.microseconds if isinstance(value, Duration) else value)


def _outside(name: str, value: Expression, space: Expression, reporter: Reporter) -> None:
    message = f"`{name}` is {value.span.text}, outside of its space `{space.span.text}`"
    reporter.error(codes.OUTSIDE_SPACE, message, value.span, labels=[Label(space.span, "the space")])
