"""Training and evaluation: settings with the defaults that depend on others written out."""

from __future__ import annotations

from sess.compiler.block import Chosen
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.metrics import learned_kinds, metric_entry
from sess.compiler.passes.settings import has_valid
from sess.compiler.plans import EvaluatePlan, MetricPlan, TrainPlan
from sess.compiler.registry import Registry
from sess.compiler.tree import SectionName
from sess.compiler.types import Head

_BATCH = 128
_PATIENCE = 3


def lower_training(checked: CheckedGraph, registry: Registry) -> TrainPlan:
    """Return how the model is trained; it stops early, where there is a valid split, on the first metric it moves."""
    train = checked.built.train
    stop, metric = train.stop, _moved(checked, registry)
    if stop is None and has_valid(checked.built) and metric is not None:
        stop = Chosen("early", {"metric": metric, "patience": _PATIENCE, "head": None})
    return TrainPlan(
        optimizer=train.optimizer,
        schedule=train.schedule,
        batch=train.batch if train.batch is not None else _BATCH,
        tokens=train.tokens,
        epochs=train.epochs,
        stop=stop,
        precision=train.precision,
        seed=train.seed,
        clip_norm=train.clip_norm,
        weight_decay=train.weight_decay,
    )


def _moved(checked: CheckedGraph, registry: Registry) -> str | None:
    """Return the first metric of a head that learns; None if those that are measured are of baselines alone."""
    kinds = learned_kinds(checked)
    for word in _metrics(checked):
        entry = metric_entry(word, registry)
        if entry is not None and entry.is_ranking in kinds:
            return word
    return None


def lower_evaluation(checked: CheckedGraph) -> EvaluatePlan:
    """Return what is measured; what serving excludes, evaluating excludes."""
    evaluate = checked.built.evaluate
    exclude = evaluate.exclude if evaluate.exclude is not None else checked.built.serve.exclude
    metrics = tuple(_metric(word) for word in _metrics(checked))
    return EvaluatePlan(metrics, evaluate.baselines, evaluate.slices, exclude)


def _metrics(checked: CheckedGraph) -> tuple[str, ...]:
    """Return the metrics; where nothing is ranked and none are named, those of numbers."""
    is_named = "metrics" in checked.built.facts.resolved.sections[SectionName.EVALUATE]
    heads = [head for node in checked.heads.values() if isinstance(head := checked.types[node], Head)]
    if is_named or any(head.is_ranking for head in heads):
        return checked.built.evaluate.metrics
    is_binary = any(checked.graph[node].entry.name == "binary" for node in checked.heads.values())
    return ("auc", "logloss") if is_binary else ("rmse",)


def _metric(word: str) -> MetricPlan:
    name, _, cutoff = word.partition("@")
    return MetricPlan(name, int(cutoff) if cutoff else None)
