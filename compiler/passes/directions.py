"""The law of no leak: what an objective asks must not be visible to the state that answers."""

from __future__ import annotations

from typing import Any

from sess.compiler import codes
from sess.compiler.block import Kind
from sess.compiler.diagnostics import Label
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.passes.context import Context
from sess.compiler.signature import parameters
from sess.compiler.similar import listing
from sess.compiler.source import Span
from sess.compiler.tree import SectionName
from sess.compiler.types import MAIN_GROUP, Direction, Head, Level, Row, Seq


def check_directions(checked: CheckedGraph, ctx: Context) -> None:
    """Check the state of every head on a step column against what the objective needs."""
    chosen = checked.built.train.objective
    entry = checked.built.facts.resolved.sections[SectionName.TRAIN].get("objective")
    objective: Any = ctx.registry.find(chosen.name, Kind.OBJECTIVE) if chosen else None  # an Objective
    if chosen is None or entry is None or objective is None:
        return
    needs: tuple[Direction, ...] = objective.needs
    at = entry.value.span
    for node in checked.heads.values():
        head = checked.types[node]
        if not isinstance(head, Head) or head.target_level is not Level.STEP or head.state is None:
            continue
        if objective.encoders and not _check_readers(checked, node, objective, at, ctx):
            continue
        if isinstance(head.state, Row) and len(needs) < len(Direction):
            _report_row(checked, node, head, chosen.name, at, ctx)
        elif isinstance(head.state, Seq) and head.state.direction not in needs:
            if head.state.direction is Direction.WHOLE:
                _report_leak(checked, node, chosen.name, at, ctx)
            else:
                _report_one_way(checked, node, head.state.direction, chosen.name, at, ctx)


def _check_readers(checked: CheckedGraph, head: str, objective: Any, at: Span, ctx: Context) -> bool:
    """Whether all that mixes the steps before a head can read the order in which an objective asks (reported)."""
    known, is_sound = listing(objective.encoders), True
    for id in sorted(checked.graph.ancestors(head)):
        node, value = checked.graph[id], checked.value(id)
        if (
            node.kind is Kind.ENCODER
            and node.entry.name not in objective.encoders
            and isinstance(value, Seq)
            and value.group == MAIN_GROUP
            and _leads_to(checked, id, head)
        ):
            is_sound = False
            ctx.reporter.error(
                codes.NEEDS_BIDIRECTIONAL,
                f"`{objective.name}` asks in an order that `{node.entry.name}` can't read",
                node.word,
                label="sees every step at once",
                labels=[Label(at, "each step sees those before it in a drawn order")],
                help=[f"use {known}", "or use `objective = masked`"],
            )
    return is_sound


def _report_row(checked: CheckedGraph, node: str, head: Head, objective: str, at: Span, ctx: Context) -> None:
    place = checked.graph[node]
    state = place.inputs[0].span if place.inputs else place.span
    ctx.reporter.error(
        codes.OBJECTIVE_AND_STATE,
        f"`{objective}` asks at every step, and the head `{node}` has one vector a session for `{head.target}`",
        state,
        label=f"{head.state}, one vector a session",
        labels=[Label(at, "asks at every step")],
        help="give the head a Seq, or use `objective = last`, which cuts the target from the input",
    )


def _report_leak(checked: CheckedGraph, head: str, objective: str, at: Span, ctx: Context) -> None:
    """Report each block where the future comes in."""
    for node in _mixers(checked, head):
        name = node.entry.name
        helps = ["or use `objective = masked`, which hides what it asks for"]
        if hasattr(node.params, "attention"):
            helps.insert(0, f"use `{name}(attention=causal)`")
        elif node.kind is Kind.ENCODER:
            causal = _encoders(Direction.CAUSAL, ctx)
            helps.insert(0, f"use a causal encoder: {listing(causal)}")
        else:
            helps = [f"`{name}` pools the whole session: with `{objective}` its Row can't go back to the steps", *helps]
        ctx.reporter.error(
            codes.LEAK,
            f"`{objective}` asks for the next step, and `{name}` has seen it",
            node.word,
            label="sees the whole session",
            labels=[Label(at, "every step predicts the one after it")],
            help=helps,
        )


def _mixers(checked: CheckedGraph, head: str) -> list[Node]:
    """Return the nodes before a head where a whole direction begins."""
    found = []
    for id in sorted(checked.graph.ancestors(head)):
        node, value = checked.graph[id], checked.value(id)
        inputs = [checked.value(each.source) for each in node.inputs]
        begins = not any(isinstance(each, (Row, Seq)) and each.direction is Direction.WHOLE for each in inputs)
        if (
            isinstance(value, (Row, Seq))
            and value.direction is Direction.WHOLE
            and begins
            and _leads_to(checked, id, head)
        ):
            found.append(node)
    return found


def _leads_to(checked: CheckedGraph, node: str, head: str) -> bool:
    """Whether a node's value flows into a head through values alone, not through a table."""
    frontier = [head]
    while frontier:
        current = frontier.pop()
        if current == node:
            return True
        frontier += [each.source for each in checked.graph[current].inputs]
    return False


def _report_one_way(
    checked: CheckedGraph, head: str, direction: Direction, objective: str, at: Span, ctx: Context
) -> None:
    encoders = [
        node
        for node in checked.graph.order()
        if node.kind is Kind.ENCODER and node.id in checked.graph.ancestors(head) and _leads_to(checked, node.id, head)
    ]
    place = encoders[-1] if encoders else checked.graph[head]
    helps = ["or use `objective = next`"]
    if hasattr(place.params, "attention"):
        helps.insert(0, f"use `{place.entry.name}(attention=bidirectional)`")
    else:
        either = _encoders(Direction.WHOLE, ctx)
        helps.insert(0, f"use a bidirectional encoder: {listing(either)}")
    ctx.reporter.error(
        codes.NEEDS_BIDIRECTIONAL,
        f"`{objective}` needs a bidirectional encoder, and `{place.entry.name}` is {direction}",
        place.word,
        label="never sees what comes after a step",
        labels=[Label(at, "hides steps that the ones after them explain")],
        help=helps,
    )


def _encoders(direction: Direction, ctx: Context) -> list[str]:
    """Return the encoders that give a Seq of a direction; only a finding asks, since it imports them all."""
    found: list[str] = []
    word = "causal" if direction is Direction.CAUSAL else "bidirectional"
    for name in ctx.registry.names(Kind.ENCODER):
        encoder: Any = ctx.registry.find(name, Kind.ENCODER)  # an Encoder
        if encoder.pools:
            continue
        if encoder.direction is direction:
            found.append(name)
        elif any(each.name == "attention" for each in parameters(encoder.Params)):
            found.append(f"{name}(attention={word})")
    return found
