"""The tree becomes a graph, and the sections become settings with every default written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler.graph import Node, SpecGraph
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.builder import Builder
from sess.compiler.passes.context import Context
from sess.compiler.passes.keys import read_section
from sess.compiler.passes.operations import check_operations
from sess.compiler.sections import EvaluateKeys, ServeKeys, TrainKeys
from sess.compiler.tree import Kind, SectionName

_FIRST = (Kind.TABLE,)
_OTHERS = (Kind.LET, Kind.ENCODER, Kind.HEAD)


@dataclass(frozen=True, slots=True)
class Built:
    """A graph whose nodes have complete parameters, and the settings of the sections.

    `definitions` maps tables, lets, encoders and heads to their nodes; None is broken. `stranded` are calls whose
    parameters are complete and whose inputs are broken: what else is wrong with them is said, too.
    """

    facts: Facts
    graph: SpecGraph
    definitions: Mapping[str, str | None]
    train: TrainKeys
    evaluate: EvaluateKeys
    serve: ServeKeys
    is_objective_broken: bool
    stranded: tuple[Node, ...]


def build(facts: Facts, ctx: Context) -> Built:
    """Build every definition and read every section."""
    builder = Builder(ctx, facts)
    definitions = facts.resolved.definitions
    for kinds in (_FIRST, _OTHERS):  # tables first, so that leaves find the table of their domain
        for name, definition in definitions.items():
            if definition.kind in kinds and not (definition.kind is Kind.LET and builder.is_pipe(definition.value)):
                builder.definition(name)
            elif definition.kind in kinds:
                builder.look_through(definition.value)
    train, broken = read_section(SectionName.TRAIN, facts.resolved, builder)
    evaluate, _ = read_section(SectionName.EVALUATE, facts.resolved, builder)
    serve, _ = read_section(SectionName.SERVE, facts.resolved, builder)
    check_operations(facts, ctx)
    return Built(
        facts, builder.graph, builder.built, TrainKeys(**train), EvaluateKeys(**evaluate),
        ServeKeys(**serve), "objective" in broken, tuple(builder.stranded),
    )  # fmt: skip
