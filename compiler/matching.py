"""Arguments find their places: by position in the order of ports and parameters, or by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.block import Port
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.misspelt import respelling
from sess.compiler.signature import Parameter
from sess.compiler.similar import closest, did_you_mean, listing
from sess.compiler.tree import Argument, Expression


@dataclass(frozen=True, slots=True)
class Placed:
    """The expressions by port or parameter; `is_sound` if every argument has its place (else reported).

    `is_explained`: an unknown name may be one that is missing, misspelt, so that what lacks is one mistake with it.
    """

    found: dict[str, list[Expression]]
    is_sound: bool
    is_explained: bool


def named(
    slots: Sequence[Port], wanted: Sequence[Parameter], arguments: Sequence[Argument], given: int = 0
) -> Iterator[tuple[Argument, str | None]]:
    """Yield each argument with the port or parameter that it says or stands for; None is one beyond the last.

    `given` is how many of the first ports are filled already.
    """
    order = [slot.name for slot in slots] + [each.name for each in wanted]
    variadic = next((slot.name for slot in slots if slot.is_variadic), None)
    position = 0 if variadic else given
    for argument in arguments:
        if argument.label is not None:
            yield argument, argument.label.text
        else:
            name = order[position] if position < len(order) else None
            position += name != variadic or name is None
            yield argument, name


def places(
    owner: str,
    slots: Sequence[Port],
    wanted: Sequence[Parameter],
    arguments: Sequence[Argument],
    reporter: Reporter,
    given: int,
) -> Placed:
    """Find the port or parameter of every argument; those that have none are reported."""
    order = [slot.name for slot in slots] + [each.name for each in wanted]
    variadic = next((slot.name for slot in slots if slot.is_variadic), None)
    found: dict[str, list[Expression]] = {}
    is_sound, has_extra = True, False
    unknown: list[str] = []
    for argument, name in named(slots, wanted, arguments, given):
        if name is None:
            if not has_extra:  # one finding for all that are too many
                count = len(order) - given
                message = f"`{owner}` takes {count or 'no'} argument{'' if count == 1 else 's'}"
                reporter.error(codes.UNKNOWN_ARGUMENT, message, argument.span)
            is_sound, has_extra = False, True
            continue
        if name not in order:
            at = argument.label.span if argument.label else argument.span
            reporter.error(
                codes.UNKNOWN_ARGUMENT,
                f"`{owner}` has no argument `{name}`",
                at,
                help=did_you_mean(name, order) or (f"it has {listing(order[given:])}" if order[given:] else ()),
                fixes=respelling(name, at, order),
            )
            unknown.append(name)
            is_sound = False
            continue
        if name in found and name != variadic:
            first = found[name][0]
            message = f"`{name}` of `{owner}` is given twice"
            reporter.error(codes.REPEATED_ARGUMENT, message, argument.span, labels=[Label(first.span, "first here")])
            is_sound = False
            continue
        found.setdefault(name, []).append(argument.value)
    absent = [each.name for each in wanted if each.is_required and each.name not in found]
    absent += [slot.name for index, slot in enumerate(slots) if index >= given and slot.name not in found]
    return Placed(found, is_sound, is_explained=any(_may_mean(word, order, absent) for word in unknown))


def _may_mean(word: str, order: Sequence[str], absent: Sequence[str]) -> bool:
    """Whether an unknown name may be meant for one that lacks: it is nearest to it, or near to none."""
    near = closest(word, order)
    return not near or near[0] in absent
