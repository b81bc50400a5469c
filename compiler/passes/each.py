"""A leaf with a pipe for each of its columns, written out: every column then has weights of its own.

`features(a + b, each=p)` is `concat(features(a) >> p, features(b) >> p)`.
"""

from __future__ import annotations

from sess.compiler.arguments import Bound
from sess.compiler.block import Pipe, Representation, Selection
from sess.compiler.passes.bind import Facts
from sess.compiler.source import Span
from sess.compiler.tree import Argument, Call, Expression, Literal, Name, Pipeline, Word
from sess.compiler.types import Level


def spread(call: Call, bound: Bound, facts: Facts) -> Call | None:
    """Return the call with each of its columns in a pipe; None if it has no pipe for each, or no column to read."""
    cols, each = getattr(bound.params, "cols", None), getattr(bound.params, "each", None)
    if not isinstance(cols, Selection) or not isinstance(each, Pipe):
        return None
    pipe = next(argument.value for argument in call.arguments if argument.value.span == bound.spans["each"])
    read = [name for name in cols.names if facts.representation(name, cols.level) is not Representation.SKIP]
    parts = tuple(_alone(call.name, name, cols.level, pipe, bound.spans["cols"]) for name in read)
    return Call(Word("concat", call.name.span), parts, call.span) if parts else None


def _alone(block: Word, column: str, level: Level, pipe: Expression, at: Span) -> Argument:
    """Return one column through the block and then through the pipe; what is wrong is shown where the columns stand."""
    words = [Argument(None, Literal(column, at), at)]
    if level is Level.CATALOGUE:
        words.append(Argument(Word("of", at), Name("catalogue", at), at))
    selected = Call(Word("column", at), tuple(words), at)
    leaf = Call(block, (Argument(None, selected, at),), at)
    return Argument(None, Pipeline((leaf, pipe), at), at)
