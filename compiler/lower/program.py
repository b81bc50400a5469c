"""A checked graph becomes a Program: everything a back end needs, as plain data."""

from __future__ import annotations

from dataclasses import replace

from sess.compiler.graph import CheckedGraph
from sess.compiler.lower.catalogue import catalogue_columns
from sess.compiler.lower.model import lower_model
from sess.compiler.lower.serving import lower_serving
from sess.compiler.lower.training import lower_evaluation, lower_training
from sess.compiler.lower.usage import find_usage
from sess.compiler.lower.workflow import lower_workflow
from sess.compiler.plans import Program
from sess.compiler.registry import Registry


def lower(checked: CheckedGraph, registry: Registry) -> Program:
    """Return the program of a graph without errors."""
    usage = find_usage(checked)
    built = checked.built
    workflow = lower_workflow(checked, usage, registry)
    workflow = replace(workflow, catalogue=catalogue_columns(checked, usage, registry))
    return Program(
        name=built.facts.resolved.name.text,
        title=built.facts.resolved.title,
        workflow=workflow,
        model=lower_model(checked, usage, [column.name for column in workflow.lengths], workflow.catalogue),
        train=lower_training(checked, registry),
        evaluate=lower_evaluation(checked),
        serving=lower_serving(checked, usage),
    )
