"""Metrics measure what heads answer: rankings, or numbers."""

from __future__ import annotations

from typing import Any

from sess.compiler import codes
from sess.compiler.block import Kind
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.context import Context
from sess.compiler.registry import Registry
from sess.compiler.tree import Call, Expression, ListOf, SectionName
from sess.compiler.tree import Kind as Keyword
from sess.compiler.types import Head


def metric_entry(word: str, registry: Registry) -> Any:
    """Return the metric that a word such as `recall@10` names, which says whether it ranks; None if there is none."""
    return registry.find(word.partition("@")[0], Kind.METRIC)


def learned_kinds(checked: CheckedGraph) -> set[bool]:
    """Return whether the heads that learn rank, each kind once; baselines learn nothing."""
    nodes = [node for node in checked.heads.values() if checked.graph[node].kind is Kind.HEAD]
    return {head.is_ranking for node in nodes if isinstance(head := checked.types[node], Head)}


def check_metrics(checked: CheckedGraph, ctx: Context) -> None:
    """Report metrics that no head has, where `evaluate` lists them and where `stop` waits for one."""
    resolved = checked.built.facts.resolved
    heads = [head for node in checked.heads.values() if isinstance(head := checked.types[node], Head)]
    if not heads or len(heads) < sum(each.kind is Keyword.HEAD for each in resolved.definitions.values()):
        return  # a broken head may be the one that is measured
    kinds = {head.is_ranking for head in heads}
    learned = learned_kinds(checked)
    metrics = resolved.sections[SectionName.EVALUATE].get("metrics")
    stop = resolved.sections[SectionName.TRAIN].get("stop")
    asked: list[tuple[str, Expression, set[bool]]] = []
    if metrics is not None and isinstance(metrics.value, ListOf):
        pairs = zip(checked.built.evaluate.metrics, metrics.value.items, strict=False)
        asked += [(word, expression, kinds) for word, expression in pairs]
    early = checked.built.train.stop
    if stop is not None and early is not None and isinstance(stop.value, Call) and stop.value.arguments:
        asked.append((str(early.params.get("metric")), stop.value.arguments[0].value, learned or kinds))
        chosen = checked.heads.get(str(early.params.get("head")))
        watched = checked.types.get(chosen) if chosen is not None else None
        if isinstance(watched, Head):
            _check_watched(str(early.params.get("metric")), watched, str(chosen), stop.value.arguments[0].value, ctx)
    for word, expression, answered in asked:
        entry = metric_entry(word, ctx.registry)
        if entry is not None and expression.span.text == word and entry.is_ranking not in answered:
            wanted = "a ranking" if entry.is_ranking else "a chance or a number"
            of_whom = "head that learns answers" if entry.is_ranking in kinds else "head answers"
            message = f"`{word}` measures {wanted}, which no {of_whom}"
            ctx.reporter.error(codes.METRIC_AND_HEAD, message, expression.span)


def _check_watched(word: str, head: Head, name: str, expression: Expression, ctx: Context) -> None:
    """Report a metric that the head which `stop` names doesn't have."""
    entry = metric_entry(word, ctx.registry)
    if entry is not None and entry.is_ranking != head.is_ranking:
        wanted = "a ranking" if entry.is_ranking else "a chance or a number"
        message = f"`{word}` measures {wanted}, which the head `{name}` doesn't answer"
        ctx.reporter.error(codes.METRIC_AND_HEAD, message, expression.span)
