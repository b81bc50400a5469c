"""The names in an expression that may stand for definitions or params: all but words that an argument fixes."""

from __future__ import annotations

from collections.abc import Iterator

from sess.compiler.block import EXPRESSION_KINDS, Kind
from sess.compiler.matching import named
from sess.compiler.registry import Registry
from sess.compiler.selectors import SELECTORS
from sess.compiler.signature import Hint, kind_of, members, parameters, ports, words
from sess.compiler.tree import Binary, Broken, Call, Expression, ListOf, Literal, Name, Pipeline


def mentions(
    expression: Expression, registry: Registry, kinds: tuple[Kind, ...] = EXPRESSION_KINDS, given: int = 0
) -> Iterator[Name]:
    """Yield the names in the order of the text; a call is of one of the kinds, with so many of its ports filled."""
    match expression:
        case Name():
            yield expression
        case Call():
            yield from _in_call(expression, registry, kinds, given)
        case ListOf(items=items):
            for item in items:
                yield from mentions(item, registry, kinds)
        case Binary(left=left, right=right):
            yield from mentions(left, registry)
            yield from mentions(right, registry)
        case Pipeline(stages=stages):
            for index, stage in enumerate(stages):
                yield from mentions(stage, registry, kinds, min(index, 1))
        case Literal() | Broken():
            return


def names(expression: Expression) -> Iterator[Name]:
    """Yield every bare word of an expression, fixed or not, in the order of the text."""
    match expression:
        case Name():
            yield expression
        case Call(arguments=arguments):
            for argument in arguments:
                yield from names(argument.value)
        case ListOf(items=inner) | Pipeline(stages=inner):
            for each in inner:
                yield from names(each)
        case Binary(left=left, right=right):
            yield from names(left)
            yield from names(right)


def _in_call(call: Call, registry: Registry, kinds: tuple[Kind, ...], given: int) -> Iterator[Name]:
    if call.name.text in SELECTORS:
        return  # tags, dtypes and columns are words of the schema
    entry = registry.find(call.name.text, *kinds)
    wanted = parameters(entry.Params) if entry is not None else ()
    hints = {each.name: each.hint for each in wanted}
    for argument, name in named(ports(entry), wanted, call.arguments, given):
        if name not in hints:
            yield from mentions(argument.value, registry)
        elif not _is_fixed(argument.value, hints[name], registry):
            inner = _kinds(hints[name])
            yield from mentions(argument.value, registry, inner or EXPRESSION_KINDS)


def _is_fixed(value: Expression, hint: Hint, registry: Registry) -> bool:
    """Whether a word is one that the language gives the argument."""
    if not isinstance(value, Name):
        return False
    kinds = _kinds(hint)
    return value.text in words(hint) or (bool(kinds) and registry.find(value.text, *kinds) is not None)


def _kinds(hint: Hint) -> tuple[Kind, ...]:
    return tuple(kind for member in members(hint) if (kind := kind_of(member)) is not None)
