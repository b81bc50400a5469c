"""Evaluate a trained model beside the baselines on the held-out splits, by the graph that serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import JsonValue
from sess.compiler.plans import HeadPlan, Program
from sess.compiler.types import Level
from sess.runtime.evaluate.baselines import best_codes, fit_baseline
from sess.runtime.evaluate.bootstrap import RESAMPLES
from sess.runtime.evaluate.examples import Examples, examples_of
from sess.runtime.evaluate.heads import cutoff_of, popularities, row_of
from sess.runtime.evaluate.ranking import Popularity
from sess.runtime.evaluate.rows import RankingRow, Row, ranking_metrics
from sess.runtime.evaluate.scorer import LARGEST_BATCH, Scorer, excludes_items
from sess.runtime.evaluate.slices import slices_of
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import Prepared, Sessions
from sess.runtime.progress import Progress
from sess.runtime.vocabulary import VocabularySize

SPLITS = ("valid", "test")


def evaluate(
    program: Program, prepared: Prepared, weights: Path, progress: Progress, splits: Iterable[str] = SPLITS
) -> dict[str, JsonValue]:
    """Return metrics by split, head or baseline, and metric; beside the splits `slices` and `protocol`."""
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    model = SessionModel(program.model, program.workflow.columns, sizes)
    model.load_weights(weights)
    return evaluate_model(program, prepared, model, progress, splits)


def evaluate_model(
    program: Program, prepared: Prepared, model: SessionModel, progress: Progress, splits: Iterable[str] = SPLITS
) -> dict[str, JsonValue]:
    """Evaluate a model that is already in memory."""
    scorer = Scorer(program, model, prepared.vocabularies, cutoff_of(program.evaluate.metrics))
    popularity = popularities(program, prepared)
    found: dict[str, JsonValue] = {}
    slices: dict[str, JsonValue] = {}
    counts: dict[str, JsonValue] = {}
    for split in splits:
        sessions: Sessions | None = getattr(prepared, split)
        if sessions is None:
            continue
        examples = examples_of(program, sessions)
        rows = _rows(program, prepared, scorer, popularity, examples, progress, split)
        everyone = np.arange(examples.count)
        found[split] = _figures(rows, everyone, program.train.seed)
        if program.evaluate.slices:
            slices[split] = _sliced(program, rows, examples, popularity)
        counts[split] = _counts(program, examples, popularity)
    if slices:
        found["slices"] = slices
    return found | {"protocol": _protocol(program, popularity, counts)}


def _rows(
    program: Program,
    prepared: Prepared,
    scorer: Scorer,
    popularity: Mapping[str, Popularity],
    examples: Examples,
    progress: Progress,
    split: str,
) -> dict[str, Row]:
    """Return the rows by name: heads in their order, then baselines; `<head>/popular` where there are several heads."""
    metrics = program.evaluate.metrics
    answers = scorer.answer(examples, progress, f"evaluate {split}")
    rows = {head.name: row_of(head, answers, examples, metrics, popularity) for head in program.model.heads}
    ranking = [head for head in program.model.heads if head.is_ranking]
    names = {head.name for head in program.model.heads}
    cutoff = cutoff_of(metrics)
    for baseline in program.evaluate.baselines:
        for head in ranking:
            counted = popularity[head.name]
            fitted = fit_baseline(program, baseline, prepared, head)
            if fitted is None:
                continue
            places = len(counted.clicks) if cutoff is None else cutoff
            codes = best_codes(program, head, fitted, counted, examples, places)
            is_alone = len(ranking) == 1 and baseline.name not in names
            name = baseline.name if is_alone else f"{head.name}/{baseline.name}"
            rows[name] = RankingRow(codes, examples.targets(head), ranking_metrics(metrics), counted)
    return rows


def _figures(rows: Mapping[str, Row], places: NDArray[np.int64], seed: int) -> dict[str, JsonValue]:
    return {
        name: {metric: figure.json() for metric, figure in row.figures(places, seed).items()}
        for name, row in rows.items()
    }


def _sliced(
    program: Program, rows: Mapping[str, Row], examples: Examples, popularity: Mapping[str, Popularity]
) -> dict[str, JsonValue]:
    """Return the figures by slice, group and row, each group with the number of its sessions."""
    heads = program.model.heads
    head = next((head for head in heads if head.is_ranking), heads[0])
    found: dict[str, JsonValue] = {}
    for name in program.evaluate.slices:
        groups = slices_of(name, examples, examples.targets(head), popularity.get(head.name))
        found[name] = {
            group: {"sessions": len(places), "rows": _figures(rows, places, program.train.seed)}
            for group, places in groups.items()
        }
    return found


def _counts(program: Program, examples: Examples, popularity: Mapping[str, Popularity]) -> dict[str, JsonValue]:
    heads: dict[str, JsonValue] = {
        head.name: _misses(program, head, examples, popularity[head.name])
        for head in program.model.heads
        if head.is_ranking
    }
    return {"sessions": examples.count, "too_short": examples.too_short, "heads": heads}


def _misses(program: Program, head: HeadPlan, examples: Examples, popularity: Popularity) -> dict[str, JsonValue]:
    """Return how many targets can't be hit: not in the vocabulary, or seen before where seen items are left out."""
    targets = examples.targets(head).astype(np.int64)
    is_known = targets >= popularity.reserved
    clicks = popularity.clicks[targets[is_known] - popularity.reserved]
    found: dict[str, JsonValue] = {
        "unknown_targets": int((~is_known).sum()),
        "untrained_targets": int((clicks == 0).sum()),
    }
    if excludes_items(program, head):
        item, seen = program.workflow.data.item, 0
        for places in np.array_split(np.arange(examples.count), examples.count // LARGEST_BATCH + 1):
            repeats = (examples.seen(item, places) == targets[places, None]).any(axis=1)  # (B,)
            seen += int((repeats & is_known[places]).sum())
        found["seen_targets"] = seen
    return found


def _protocol(
    program: Program, popularity: Mapping[str, Popularity], counts: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return how it was measured, so that figures are compared only where they can be."""
    split = program.workflow.data.split
    asks_step = any(head.target_level is Level.STEP for head in program.model.heads)
    return {
        "split": split.name if split else "given files",
        "question": "the last step from all before it" if asks_step else "the session's value from all its steps",
        "ranking": "whole catalogue",
        "items": {name: len(counted.clicks) for name, counted in popularity.items()},
        "keep": program.model.keep,
        "exclude": list(program.evaluate.exclude),
        "interval": f"95 %, bootstrap of up to {RESAMPLES} resamples of sessions, seed {program.train.seed}",
        "counts": counts,
    }
