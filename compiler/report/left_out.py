"""Which columns no feature is made of, and why."""

from __future__ import annotations

from sess.compiler.block import Representation
from sess.compiler.graph import CheckedGraph
from sess.compiler.plans import Program
from sess.compiler.schema import Dtype


def left_out(checked: CheckedGraph, program: Program) -> dict[str, str]:
    """Return the columns that the model doesn't read, each with the reason."""
    facts = checked.built.facts
    targets = {column.name for column in program.workflow.columns if column.is_target}
    found: dict[str, str] = {}
    for column in program.workflow.columns:
        if column.is_input:  # the raw form of a column is one, too, and no column of the schema
            continue
        name, schema = column.name, facts.column(column.name)
        if name == facts.session:
            reason = "the session's key"
        elif column.is_source:
            reason = "only what is computed from it is read, so it is in requests"
        elif name == facts.time:
            reason = "the time, which orders the steps"
        elif name in targets:
            reason = "the label of a head"
        elif name in facts.labels:
            reason = "a label (`TARGET`), which only its own head may read"
        elif facts.representation(name) is Representation.SKIP:
            reason = (
                "text" if schema.has("text") else "a time" if schema.dtype is Dtype.DATETIME else "a time by its tag"
            )
        elif name in program.evaluate.slices:
            reason = "only a slice of the evaluation"
        else:
            reason = "nothing reads it"
        found[name] = reason
    return found
