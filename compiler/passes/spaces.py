"""Search spaces of params: `[a, b]`, `uniform(lo, hi)`, `log(lo, hi)`, `range(lo, hi)`; the default lies inside."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.similar import did_you_mean
from sess.compiler.tree import Broken, Call, Expression, ListOf, Literal

SPACES = ("uniform", "log", "range")


def check_space(name: str, value: Literal, space: Expression, reporter: Reporter) -> None:
    """Report a space that is none, and a default that lies outside of it."""
    if isinstance(space, Broken):
        return
    if isinstance(space, ListOf):
        choices = [item.value for item in space.items if isinstance(item, Literal)]
        if len(choices) != len(space.items) or not choices:
            reporter.error(codes.WRONG_VALUE, f"the space of `{name}` is a list of values", space.span)
        elif value.value not in choices:
            _outside(name, value, space, reporter)
        return
    if not isinstance(space, Call) or space.name.text not in SPACES:
        word = space.name.text if isinstance(space, Call) else space.span.text
        helps = did_you_mean(word, SPACES) or "a space is `[a, b]`, `uniform(lo, hi)`, `log(lo, hi)` or `range(lo, hi)`"
        reporter.error(codes.WRONG_VALUE, f"`{word}` is no search space", space.span, help=helps)
        return
    bounds = [_number(argument.value) for argument in space.arguments]
    if len(bounds) != 2 or bounds[0] is None or bounds[1] is None or bounds[0] >= bounds[1]:
        reporter.error(codes.WRONG_VALUE, f"`{space.name.text}` wants two numbers, the smaller first", space.span)
        return
    low, high = bounds[0], bounds[1]
    if space.name.text == "log" and low <= 0:
        reporter.error(codes.WRONG_VALUE, f"`log` wants bounds above 0, not {low:g}", space.span)
        return
    number = _number(value)
    if number is None or not low <= number <= high:
        _outside(name, value, space, reporter)


def _number(expression: Expression) -> float | None:
    """Return the number of a literal; None if it is none."""
    if isinstance(expression, Literal) and isinstance(expression.value, (int, float)):
        return None if isinstance(expression.value, bool) else float(expression.value)
    return None


def _outside(name: str, value: Literal, space: Expression, reporter: Reporter) -> None:
    message = f"`{name}` is {value.span.text}, outside of its space `{space.span.text}`"
    reporter.error(codes.OUTSIDE_SPACE, message, value.span, labels=[Label(space.span, "the space")])
