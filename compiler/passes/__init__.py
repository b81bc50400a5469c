"""The pipeline: each pass turns one frozen, complete type into the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.afford import afford
from sess.compiler.passes.bind import bind
from sess.compiler.passes.build import build
from sess.compiler.passes.context import Context, Inputs
from sess.compiler.passes.infer import infer
from sess.compiler.passes.prune import prune
from sess.compiler.passes.resolve import resolve
from sess.compiler.passes.verify import verify

Pass = Callable[[Any, Context], Any]  # each pass reads what the one before it made

PASSES: tuple[Pass, ...] = (
    resolve,  # words -> definitions, params by value, sections
    bind,  # columns -> schema facts
    build,  # tree -> graph, arguments -> params
    infer,  # widths, directions, masks
    verify,  # whole-graph laws
    prune,  # what nobody reads
    afford,  # what no machine has the memory for
)


def run(inputs: Inputs, ctx: Context) -> CheckedGraph:
    """Run every pass; what is broken is left out of the graph."""
    value: Any = inputs  # what passes from pass to pass
    for each in PASSES:
        value = each(value, ctx)
    checked: CheckedGraph = value
    return checked
