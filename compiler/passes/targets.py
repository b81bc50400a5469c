"""What heads predict: its level, its domain, and that the answer doesn't flow into the question."""

from __future__ import annotations

from sess.compiler import codes
from sess.compiler.block import Kind
from sess.compiler.diagnostics import Label
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.passes.context import Context
from sess.compiler.schema import Dtype
from sess.compiler.types import MAIN_GROUP, Head, Level, Rows, Seq, Tower


def check_targets(checked: CheckedGraph, ctx: Context) -> None:
    """Check the target of every head."""
    _check_levels(checked, ctx)
    _check_one_group(checked, ctx)
    for name, id in checked.heads.items():
        head = checked.types[id]
        if isinstance(head, Head) and _is_predictable(checked, checked.graph[id], head, ctx):
            _check_group(checked, checked.graph[id], head, ctx)
            _check_dtype(checked, name, head, ctx)
            _check_tied(checked, checked.graph[id], head, ctx)
    _check_labels(checked, ctx)


def _check_levels(checked: CheckedGraph, ctx: Context) -> None:
    """Report heads that read a Seq and predict a value of the session."""
    for name, node in checked.heads.items():
        head = checked.types[node]
        if isinstance(head, Head) and isinstance(head.state, Seq) and head.target_level is Level.SESSION:
            at = checked.graph[node].arguments.get("target", checked.graph[node].span)
            message = f"`{head.target}` has one value a session, and the head `{name}` reads a Seq"
            ctx.reporter.error(
                codes.TARGET_LEVEL, message, at, help=f"pool it first: `>> last >> {checked.graph[node].word.text}(…)`"
            )


def _check_group(checked: CheckedGraph, node: Node, head: Head, ctx: Context) -> None:
    """Report a head that reads the steps of one group and predicts a step of another."""
    group = checked.built.facts.groups.get(head.target, MAIN_GROUP)
    if isinstance(head.state, Seq) and head.target_level is Level.STEP and head.state.group != group:
        at = node.arguments.get("target", node.span)
        message = f"`{head.target}` is a step of `{group or 'the main group'}`, and the head reads {head.state}"
        ctx.reporter.error(codes.GROUPS_MEET, message, at, help="pool the other group first: `>> mean`")


def _check_one_group(checked: CheckedGraph, ctx: Context) -> None:
    """Report step targets of a second group: only one group can be cut or hidden. A head across groups is silent."""
    facts = checked.built.facts
    first: tuple[str, str] | None = None
    for name, node in checked.heads.items():
        head = checked.types[node]
        if not isinstance(head, Head) or head.target_level is not Level.STEP:
            continue
        group = facts.groups.get(head.target, MAIN_GROUP)
        if isinstance(head.state, Seq) and head.state.group != group:
            continue
        if first is None:
            first = (group, node)
        elif group != first[0]:
            at = checked.graph[node].arguments.get("target", checked.graph[node].span)
            other = checked.graph[first[1]]
            message = f"the heads `{first[1]}` and `{name}` predict steps of two groups, and only one can be asked for"
            labels = [Label(other.arguments.get("target", other.span), f"a step of `{first[0] or 'the main group'}`")]
            ctx.reporter.error(codes.TARGETS_OF_TWO_GROUPS, message, at, labels=labels, help="train two specs")


def _is_predictable(checked: CheckedGraph, node: Node, head: Head, ctx: Context) -> bool:
    """Whether a target is one value, and neither the key nor the time; reported if it isn't."""
    facts = checked.built.facts
    at = node.arguments.get("target", node.span)
    column = facts.column(head.target)
    if head.target in (facts.session, facts.time):
        what = "session's key" if head.target == facts.session else "time of the events"
        message = f"`{head.target}` is the {what}, which no head predicts"
        ctx.reporter.error(codes.KEY_COLUMN, message, at)
        return False
    is_step_list = facts.rows is Rows.SESSIONS and head.target_level is Level.STEP
    if column.is_list and not is_step_list:
        message = f"a head predicts one value, and `{head.target}` is a list"
        labels = [Label(column.span, "a list here")]
        ctx.reporter.error(codes.LIST_TARGET, message, at, labels=labels)
        return False
    return True


def _check_dtype(checked: CheckedGraph, name: str, head: Head, ctx: Context) -> None:
    """Report a ranking of what has no codes, and a number of what is text."""
    facts = checked.built.facts
    column = facts.column(head.target)
    at = checked.graph[name].arguments.get("target", checked.graph[name].span)
    labels = [Label(column.span, f"{column.dtype.value} here")]
    word = checked.graph[name].entry.name
    if facts.is_bag(head.target):
        message = f"`{word}` predicts one value, and `{head.target}` is a list"
        ctx.reporter.error(codes.WRONG_VALUE, message, at, labels=[Label(column.span, "a list here")])
        return
    if head.is_ranking and head.target not in facts.domains.of:
        message = f"`{word}` ranks categories, and `{head.target}` is {column.dtype.value}"
        ctx.reporter.error(codes.NO_DOMAIN, message, at, labels=labels)
    if not head.is_ranking and column.dtype in (Dtype.STRING, Dtype.DATETIME):
        message = f"`{word}` predicts a number, and `{head.target}` is {column.dtype.value}"
        ctx.reporter.error(codes.WRONG_VALUE, message, at, labels=labels)


def _check_tied(checked: CheckedGraph, node: Node, head: Head, ctx: Context) -> None:
    """Report a head that is tied to the items of another domain than its target's."""
    tied = getattr(node.params, "tied", None)
    tower = checked.types.get(tied) if isinstance(tied, str) else None
    domain = checked.built.facts.domains.of.get(head.target)
    if isinstance(tower, Tower) and domain is not None and tower.domain != domain:
        message = f"`{head.target}` is of the domain `{domain}`, and `{tied}` has the items of `{tower.domain}`"
        labels = [Label(checked.graph[tied].span, f"items of `{tower.domain}`")] if isinstance(tied, str) else []
        ctx.reporter.error(codes.NO_DOMAIN, message, node.arguments.get("tied", node.span), labels=labels)


def _check_labels(checked: CheckedGraph, ctx: Context) -> None:
    """Report what flows into the head that predicts it: labels of the session, and of the step itself (`at=now`)."""
    facts = checked.built.facts
    for name, node in checked.heads.items():
        head = checked.types[node]
        is_now = getattr(checked.graph[node].params, "at", None) == "now"
        if not isinstance(head, Head) or (head.target_level is not Level.SESSION and not is_now):
            continue
        for each in sorted(checked.graph.ancestors(node)):
            leaf = checked.graph[each]
            if leaf.kind is not Kind.FEATURES:
                continue
            for argument, selection in leaf.selections:
                if any(head.target in (name, *facts.roots(name)) for name in selection.names):
                    path = [
                        leaf.id,
                        *(other.id for other in checked.graph.order() if _between(checked, leaf.id, other.id, node)),
                        name,
                    ]
                    at = leaf.arguments.get(argument, leaf.span)
                    labels = [
                        Label(checked.graph[node].arguments.get("target", checked.graph[node].span), "predicted here")
                    ]
                    way = " → ".join(f"`{step}`" for step in path)
                    message = f"the head `{name}` reads its own answer: `{head.target}` flows {way}"
                    ctx.reporter.error(codes.LABEL_REACHES_HEAD, message, at, labels=labels)


def _between(checked: CheckedGraph, start: str, middle: str, end: str) -> bool:
    ancestors = checked.graph.ancestors
    return start in ancestors(middle) and middle in ancestors(end)
