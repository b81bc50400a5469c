"""What definitions build on: cycles are reported with their path, and so are chains longer than can be followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sess.compiler import codes
from sess.compiler.diagnostics import Edit, Fix, Label
from sess.compiler.passes.context import Context
from sess.compiler.passes.mentions import mentions
from sess.compiler.tree import Binary, Call, Definition, Expression, Kind, ListOf, Name, Pipeline

DEEPEST = 400  # definitions that build on each other, and what nests in them
_LONG_LOOP = 10


def cycles(definitions: Mapping[str, Definition], ctx: Context) -> frozenset[str]:
    """Report each cycle once, with its path; return the names of definitions in one, or beyond the longest chain."""
    uses = {name: _uses(definition.value, definitions, ctx) for name, definition in definitions.items()}
    depths: dict[str, int] = {}  # of what is done
    broken: set[str] = set()
    for name, definition in definitions.items():
        if name in depths:
            continue
        path = [Name(name, definition.name.span)]
        waiting = [iter(uses[name])]
        while waiting:
            word = next(waiting[-1], None)
            if word is None:
                waiting.pop()
                done = path.pop().text
                below = max((depths.get(each.text, 0) for each in uses[done]), default=0)
                depths[done] = below + _nesting(definitions[done].value)
                if depths[done] > DEEPEST >= below:
                    _report_deep(definitions[done], ctx)
                if depths[done] > DEEPEST:
                    broken.add(done)
                continue
            names = [each.text for each in path]
            if word.text in names:
                loop = path[names.index(word.text) :]
                if not broken.intersection(each.text for each in loop):
                    _report_cycle([*loop, word], definitions, ctx)
                broken.update(each.text for each in loop)
            elif word.text not in depths:
                path.append(word)
                waiting.append(iter(uses[word.text]))
    return frozenset(broken)


def _nesting(expression: Expression) -> int:
    """Return how deep an expression nests, itself counted."""
    match expression:
        case Call(arguments=arguments):
            return 1 + max((_nesting(each.value) for each in arguments), default=0)
        case ListOf(items=inner) | Pipeline(stages=inner):
            return 1 + max(map(_nesting, inner), default=0)
        case Binary(left=left, right=right):
            return 1 + max(_nesting(left), _nesting(right))
    return 1


def _report_deep(definition: Definition, ctx: Context) -> None:
    message = f"`{definition.name.text}` builds on more than {DEEPEST} others, each on the one before"
    ctx.reporter.error(codes.TOO_LARGE, message, definition.name.span)


def _uses(expression: Expression, definitions: Mapping[str, Definition], ctx: Context) -> list[Name]:
    """Return the words that stand for definitions; behind `>>` only a `let` can be meant, else it is a block."""
    blocks = {
        stage.span
        for pipeline in _pipelines(expression)
        for stage in pipeline.stages[1:]
        if isinstance(stage, Name) and stage.text in definitions and definitions[stage.text].kind is not Kind.LET
    }
    said = mentions(expression, ctx.registry)
    return [word for word in said if word.text in definitions and word.span not in blocks]


def _pipelines(expression: Expression) -> Iterator[Pipeline]:
    match expression:
        case Pipeline(stages=stages):
            yield expression
            for stage in stages:
                yield from _pipelines(stage)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from _pipelines(argument.value)
        case ListOf(items=items):
            for item in items:
                yield from _pipelines(item)


def _report_cycle(loop: list[Name], definitions: Mapping[str, Definition], ctx: Context) -> None:
    start = definitions[loop[0].text].name
    words = [f"`{each.text}`" for each in loop]
    path = " → ".join(words if len(words) <= _LONG_LOOP else [*words[:_LONG_LOOP], "…", words[-1]])
    labels = [Label(each.span, f"needs `{each.text}`") for each in loop[1 : _LONG_LOOP + 1]]
    fixes, helps = list[Fix](), ""
    if len(loop) == 2 and ctx.schema.find(start.text) is not None:
        text, helps = f'column("{start.text}")', "a definition hides the column of its name"
        fixes = [Fix(f"write `{text}`", (Edit(loop[1].span, text),), is_safe=False)]
    message = f"`{start.text}` needs itself: {path}"
    ctx.reporter.error(codes.CYCLE, message, start.span, labels=labels, help=helps, fixes=fixes)
