"""What needs more memory than a machine has warns before the run: tables, and what a batch keeps for its gradient."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.block import Kind
from sess.compiler.diagnostics import Label
from sess.compiler.estimate import Estimate, estimate, numbers_per_weight
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.context import Context
from sess.compiler.quantity import in_bytes
from sess.compiler.tree import SectionName


def afford(checked: CheckedGraph, ctx: Context) -> CheckedGraph:
    """Warn of the node that asks for most, if it or all together ask for too much; the graph is unchanged."""
    if ctx.reporter.has_errors or not checked.heads:
        return checked
    found = estimate(checked, ctx.registry)
    if found.training_bytes.least > ctx.memory:
        _warn(checked, found, ctx)
    return checked


def _warn(checked: CheckedGraph, found: Estimate, ctx: Context) -> None:
    weight = 4 * numbers_per_weight(checked)
    batch, steps = found.known["B"], found.known["T"]
    learned = {id: cost.parameters.at(found.known).least * weight for id, cost in found.costs.items()}
    kept = {id: cost.kept.at(found.known).least * batch * 4 for id, cost in found.costs.items()}
    id, most = max({key: max(learned[key], kept[key]) for key in learned}.items(), key=lambda pair: pair[1])
    node, limit = checked.graph[id], f"more than {in_bytes(ctx.memory)}"
    if found.scores_bytes.least > most:
        _warn_of_loss(checked, found, ctx)
        return
    name = f"`{id}`" if not node.is_derived and "." not in id else f"`{node.entry.name}`"
    if learned[id] == most and node.kind is Kind.TABLE:
        message = f"the table {name} needs {in_bytes(most)} to train, {limit}"
        helps = (
            "give it a smaller `dim`, or its domain a `categorify(min_count=…)`; `--memory` says what the machine has"
        )
    else:
        message = (
            f"{name} keeps {in_bytes(most)} for the gradient of {batch:,.0f} sessions of {steps:,.0f} steps, {limit}"
        )
        helps = "keep fewer steps, or train on a smaller `batch`; `--memory` says what the machine has"
    if most <= ctx.memory:
        message = f"training needs {in_bytes(found.training_bytes.least)}, {limit}; most of it is for {name}"
    sections = checked.built.facts.resolved.sections
    entries = (sections[SectionName.DATA].get("keep"), sections[SectionName.TRAIN].get("batch"))
    labels = [Label(entry.span, "so many") for entry in entries if entry is not None and kept[id] == most]
    ctx.reporter.error(codes.TOO_MUCH_MEMORY, message, node.span, help=helps, labels=labels)


def _warn_of_loss(checked: CheckedGraph, found: Estimate, ctx: Context) -> None:
    head = next(node for id in checked.heads.values() if hasattr((node := checked.graph[id]).params, "loss"))
    name = head.params.loss.name
    batch, steps, size = found.known["B"], found.known["T"], in_bytes(found.scores_bytes.least)
    message = f"`{name}` compares {size} at once for {batch:,.0f} sessions of {steps:,.0f} steps"
    helps = "draw fewer items, keep fewer steps, or train on a smaller `batch`; `--memory` says what the machine has"
    at = head.arguments.get("loss", head.span)
    ctx.reporter.error(codes.TOO_MUCH_MEMORY, f"{message}, more than {in_bytes(ctx.memory)}", at, help=helps)
