"""An expression as lines: on one line if it fits, else one item or stage a line, every comment beside its item."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from sess.compiler.comments import Comment, Placed, place
from sess.compiler.source import Span
from sess.compiler.tree import (
    Argument,
    Binary,
    Broken,
    Call,
    Expression,
    ListOf,
    Literal,
    Name,
    Operator,
    Pipeline,
)

WIDTH = 120
STEP = 2

Comments = tuple[Comment, ...]


class Binding(IntEnum):
    """How tightly an expression holds together; what binds looser than its place needs parentheses."""

    PIPE = 0
    SUM = 1
    MEET = 2
    ATOM = 3


def flat(expression: Expression, needs: Binding = Binding.PIPE) -> str:
    """Return an expression on one line, without its comments."""
    if _binding(expression) < needs:
        return f"({flat(expression)})"
    match expression:
        case Literal(value=value, span=span):
            is_negative = isinstance(value, (int, float)) and span.text.startswith("-")
            return f"-{span.text.lstrip('-').split()[-1]}" if is_negative else span.text
        case Call(name=name, arguments=arguments):
            return f"{name.text}({', '.join(_label(each) + flat(each.value) for each in arguments)})"
        case ListOf(items=items):
            return f"[{', '.join(flat(each) for each in items)}]"
        case Pipeline(stages=stages):
            return " >> ".join(flat(each, Binding.SUM) for each in stages)
        case Binary():
            first, *others = _operands(expression)
            return flat(first[1], _binding(expression)) + "".join(
                f" {operator} {flat(each, Binding(_binding(expression) + 1))}" for operator, each in others
            )
        case Name(text=text):
            return text
        case Broken(span=span):
            return span.text


def claims(expression: Expression, offset: int) -> bool:
    """Return whether a list inside an expression has a line for a comment at an offset."""
    match expression:
        case Call(name=name, span=span):
            return name.span.end <= offset < span.end
        case ListOf(span=span):
            return span.start < offset < span.end
        case Pipeline(stages=parts):
            pass
        case Binary():
            parts = tuple(each for _, each in _operands(expression))
        case _:
            return False
    return parts[0].span.end <= offset < parts[-1].span.start or any(claims(part, offset) for part in parts)


def lay(
    expression: Expression, kept: Comments, indent: int, column: int, reserve: int = 0, needs: Binding = Binding.PIPE
) -> list[str]:
    """Return an expression as lines, the first without indentation, the last without a comment.

    `column` is where it begins, `reserve` the width of what must follow on its last line.
    """
    if not kept:
        line = flat(expression, needs)
        if column + len(line) + reserve <= WIDTH:
            return [line]
    if _binding(expression) < needs:
        lines = lay(expression, kept, indent, column + 1, reserve + 1)
        return _between("(", lines, ")")
    match expression:
        case Call(name=name, arguments=arguments):
            return _call(name.text, name.span, arguments, kept, indent, column, reserve)
        case ListOf(items=items, span=span):
            opens = Span(span.source, span.start, span.start + 1)
            return _items("[", [("", each, each.span) for each in items], "]", opens, kept, indent)
        case Pipeline(stages=stages):
            parts = [(">>", each) for each in stages]
            return _chain(parts, Binding.SUM, Binding.SUM, kept, indent, column, reserve)
        case Binary():
            own = _binding(expression)
            return _chain(_operands(expression), own, Binding(own + 1), kept, indent, column, reserve)
    return [flat(expression)]


def trailing(kept: Comments) -> str:
    """Return comments as they stand at the end of a line."""
    return "".join(f"  {each.text}" for each in kept)


def _call(
    word: str, name: Span, arguments: Sequence[Argument], kept: Comments, indent: int, column: int, reserve: int
) -> list[str]:
    only = arguments[0].value if len(arguments) == 1 else None
    if isinstance(only, ListOf) and all(claims(only, each.start) for each in kept):
        head = f"{word}({_label(arguments[0])}"  # a list alone shares its brackets' lines: `mlp([`
        return _between(head, lay(only, kept, indent, column + len(head), reserve + 1), ")")
    if not arguments and not kept:
        return [f"{word}()"]
    return _items(f"{word}(", [(_label(each), each.value, each.span) for each in arguments], ")", name, kept, indent)


def _items(
    head: str, items: Sequence[tuple[str, Expression, Span]], tail: str, opens: Span, kept: Comments, indent: int
) -> list[str]:
    """Return items one a line between brackets, each with a comma."""
    inner = indent + STEP
    placed = place(
        opens.source.text, kept, [each for _, _, each in items], lambda i, at: claims(items[i][1], at), opens.end
    )
    lines = [head + trailing(placed.opening)]
    for (label, value, _), found in zip(items, placed.items, strict=True):
        lines += [" " * inner + each.text for each in (*found.before, *found.hoisted)]
        laid = _between(label, lay(value, found.inside, inner, inner + len(label), 1), "," + trailing(found.behind))
        lines += [" " * inner + laid[0], *laid[1:]]
    lines += [" " * inner + each.text for each in placed.ending]
    return [*lines, " " * indent + tail]


def _chain(
    parts: Sequence[tuple[str, Expression]],
    first: Binding,
    later: Binding,
    kept: Comments,
    indent: int,
    column: int,
    reserve: int,
) -> list[str]:
    """Return parts one a line, the operator before each but the first."""
    inner = indent + STEP
    values = [each for _, each in parts]
    placed: Placed = place(
        values[0].span.source.text, kept, [each.span for each in values], lambda i, at: claims(values[i], at)
    )
    lines: list[str] = []
    for index, ((operator, value), found) in enumerate(zip(parts, placed.items, strict=True)):
        lines += [" " * inner + each.text for each in (*found.before, *found.hoisted)]
        head = f"{' ' * inner}{operator} " if index else ""
        spare = reserve if index == len(parts) - 1 else 0
        at = len(head) if index else column
        laid = lay(value, found.inside, inner if index else indent, at, spare, later if index else first)
        lines += _between(head, laid, trailing(found.behind))
    return lines


def _between(head: str, lines: list[str], tail: str) -> list[str]:
    whole = [head + lines[0], *lines[1:]]
    return [*whole[:-1], whole[-1] + tail]


def _label(argument: Argument) -> str:
    return f"{argument.label.text}=" if argument.label else ""


def _binding(expression: Expression) -> Binding:
    match expression:
        case Pipeline():
            return Binding.PIPE
        case Binary(operator=operator):
            return Binding.MEET if operator is Operator.MEET else Binding.SUM
    return Binding.ATOM


def _operands(expression: Binary) -> list[tuple[str, Expression]]:
    """Return what operators of one strength join, from the left, each with the operator before it."""
    own = _binding(expression)
    found: list[tuple[str, Expression]] = []
    left: Expression = expression
    while isinstance(left, Binary) and _binding(left) == own:
        found.append((left.operator.value, left.right))
        left = left.left
    return [("", left), *reversed(found)]
