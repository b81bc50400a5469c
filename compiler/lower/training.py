"""Training and evaluation: settings with the defaults that depend on others written out."""

from __future__ import annotations

from sess.compiler.block import Chosen
from sess.compiler.graph import CheckedGraph
from sess.compiler.passes.settings import has_valid
from sess.compiler.plans import EvaluatePlan, MetricPlan, TrainPlan
from sess.compiler.tree import SectionName
from sess.compiler.types import Head

_BATCH = 128
_PATIENCE = 3


def lower_training(checked: CheckedGraph) -> TrainPlan:
    """Return how the model is trained; it stops early on the first metric where there is a valid split."""
    train = checked.built.train
    stop, metrics = train.stop, _metrics(checked)
    if stop is None and has_valid(checked.built) and metrics:
        stop = Chosen("early", {"metric": metrics[0], "patience": _PATIENCE, "head": None})
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
