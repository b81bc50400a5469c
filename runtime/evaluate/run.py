"""Evaluate a trained model beside the baselines on the held-out splits, by the graph that serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import Chosen, JsonValue
from sess.compiler.plans import HeadPlan, Program
from sess.compiler.types import Level
from sess.runtime.baselines.fitted import Fitted
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
from sess.runtime.towers import stored_items
from sess.runtime.vocabulary import Vocabulary, VocabularySize

SPLITS = ("valid", "test")


@dataclass(frozen=True, slots=True)
class Measure:
    """What an evaluation works with: a model, what training met, and how a baseline is fitted (None: it can't be)."""

    program: Program
    model: SessionModel
    vocabularies: Mapping[str, Vocabulary]
    popularity: Mapping[str, Popularity]
    fit: Callable[[Chosen, HeadPlan], Fitted | None]


def evaluate(
    program: Program, prepared: Prepared, weights: Path, progress: Progress, splits: Iterable[str] = SPLITS
) -> dict[str, JsonValue]:
    """Return metrics by split, head or baseline, and metric; beside the splits `slices` and `protocol`."""
    measure = Measure(
        program,
        trained(program, prepared.vocabularies, weights),
        prepared.vocabularies,
        popularities(program, prepared),
        lambda baseline, head: fit_baseline(program, baseline, prepared, head),
    )
    found = {split: sessions for split in splits if (sessions := getattr(prepared, split)) is not None}
    split = program.workflow.data.split
    return measured(measure, found, split.name if split else "given files", progress)


def trained(program: Program, vocabularies: Mapping[str, Vocabulary], weights: Path) -> SessionModel:
    """Return the model of a program with its weights."""
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in vocabularies.items()}
    with np.load(weights, allow_pickle=False) as stored:
        items = stored_items(program.model.catalogue, stored)
    model = SessionModel(program.model, program.workflow.inputs, sizes, items=items)
    model.load_weights(weights)
    return model


def measured(
    measure: Measure, splits: Mapping[str, Sessions], origin: str, progress: Progress, left_out: Iterable[str] = ()
) -> dict[str, JsonValue]:
    """Evaluate splits; `origin` says where they come from, `left_out` what of the spec's evaluation isn't measured."""
    program = measure.program
    scorer = Scorer(program, measure.model, measure.vocabularies, cutoff_of(program.evaluate.metrics))
    found: dict[str, JsonValue] = {}
    slices: dict[str, JsonValue] = {}
    counts: dict[str, JsonValue] = {}
    for split, sessions in splits.items():
        examples = examples_of(program, sessions)
        rows = _rows(measure, scorer, examples, progress, split)
        everyone = np.arange(examples.count)
        found[split] = _figures(rows, everyone, program.train.seed)
        if program.evaluate.slices:
            slices[split] = _sliced(program, rows, examples, measure.popularity)
        counts[split] = _counts(program, examples, measure.popularity)
    if slices:
        found["slices"] = slices
    protocol = _protocol(program, measure.popularity, counts, origin)
    named: list[JsonValue] = list(left_out)
    return found | {"protocol": protocol | {"left_out": named} if named else protocol}


def _rows(measure: Measure, scorer: Scorer, examples: Examples, progress: Progress, split: str) -> dict[str, Row]:
    """Return the rows by name: heads in their order, then baselines; `<head>/popular` where there are several heads."""
    program, popularity = measure.program, measure.popularity
    metrics = program.evaluate.metrics
    answers = scorer.answer(examples, progress, f"evaluate {split}")
    rows = {head.name: row_of(head, answers, examples, metrics, popularity) for head in program.model.heads}
    ranking = [head for head in program.model.heads if head.is_ranking]
    cutoff = cutoff_of(metrics)
    for baseline in program.evaluate.baselines:
        for head in ranking:
            counted, fitted = popularity[head.name], measure.fit(baseline, head)
            if fitted is None:
                continue
            places = len(counted.clicks) if cutoff is None else cutoff
            codes = best_codes(program, head, fitted, counted, examples, places)
            name = _free_name(baseline.name if len(ranking) == 1 else f"{head.name}/{baseline.name}", rows)
            rows[name] = RankingRow(codes, examples.targets(head), ranking_metrics(metrics), counted)
    return rows


def _free_name(name: str, rows: Mapping[str, Row]) -> str:
    """Return a name for a row that no other has: `vsknn`, then `vsknn 2`."""
    taken = sum(other == name or other.startswith(f"{name} ") for other in rows)
    return f"{name} {taken + 1}" if taken else name


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
    program: Program, popularity: Mapping[str, Popularity], counts: dict[str, JsonValue], origin: str
) -> dict[str, JsonValue]:
    """Return how it was measured, so that figures are compared only where they can be."""
    return {
        "split": origin,
        "question": _question(program.model.heads),
        "ranking": "whole catalogue",
        "items": {name: len(counted.clicks) for name, counted in popularity.items()},
        "keep": program.model.keep,
        "exclude": list(program.evaluate.exclude),
        "interval": f"95 %, bootstrap of up to {RESAMPLES} resamples of sessions, seed {program.train.seed}; "
        "Clopper-Pearson where all are alike",
        "counts": counts,
    }


def _question(heads: Iterable[HeadPlan]) -> str:
    """Return what is asked of a session, and from which of its steps."""
    of_sessions = [f"`{head.name}`" for head in heads if head.target_level is Level.SESSION]
    if not any(head.target_level is Level.STEP for head in heads):
        return "the session's value from all its steps"
    also = f", and {' and '.join(of_sessions)} of the session," if of_sessions else ""
    return f"the last step{also} from all before it"
