"""Arguments find their places: by position in the order of ports and parameters, or by name."""

from __future__ import annotations

from collections.abc import Sequence

from sess.compiler import codes
from sess.compiler.block import Port
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.misspelt import respelling
from sess.compiler.signature import Parameter
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.tree import Argument, Expression


def places(
    owner: str,
    slots: Sequence[Port],
    wanted: Sequence[Parameter],
    arguments: Sequence[Argument],
    reporter: Reporter,
    given: int,
) -> dict[str, list[Expression]] | None:
    """Return the expressions by port or parameter; None if an argument has no place (reported)."""
    order = [slot.name for slot in slots] + [each.name for each in wanted]
    variadic = next((slot.name for slot in slots if slot.is_variadic), None)
    position = 0 if variadic else given
    found: dict[str, list[Expression]] = {}
    is_sound = True
    for argument in arguments:
        if argument.label is None:
            if position >= len(order):
                count = len(order) - given
                if position > len(order):
                    continue  # one finding for all that are too many
                position += 1
                message = f"`{owner}` takes {count or 'no'} argument{'' if count == 1 else 's'}"
                reporter.error(codes.UNKNOWN_ARGUMENT, message, argument.span)
                is_sound = False
                continue
            name = order[position]
            position += name != variadic
        else:
            name = argument.label.text
            if name not in order:
                reporter.error(
                    codes.UNKNOWN_ARGUMENT,
                    f"`{owner}` has no argument `{name}`",
                    argument.label.span,
                    help=did_you_mean(name, order) or (f"it has {listing(order[given:])}" if order[given:] else ()),
                    fixes=respelling(name, argument.label.span, order),
                )
                is_sound = False
                continue
        if name in found and name != variadic:
            first = found[name][0]
            message = f"`{name}` of `{owner}` is given twice"
            reporter.error(codes.REPEATED_ARGUMENT, message, argument.span, labels=[Label(first.span, "first here")])
            is_sound = False
            continue
        found.setdefault(name, []).append(argument.value)
    return found if is_sound else None
