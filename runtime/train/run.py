"""Train the model of a program on prepared data: the best epoch's weights, the history, and TensorBoard logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from sess.compiler.block import JsonValue
from sess.compiler.codec import encode
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program, Role
from sess.runtime.build.digest import of_value
from sess.runtime.evaluate.examples import examples_of
from sess.runtime.evaluate.heads import popularities, row_of, watched_head
from sess.runtime.evaluate.scorer import Scorer
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.progress import Progress, Silent
from sess.runtime.train.batches import Batches, training_batches
from sess.runtime.train.checkpoint import STATE, Checkpoint
from sess.runtime.train.history import Watch, best_epoch, watch_of
from sess.runtime.train.logs import Logs
from sess.runtime.train.loop import Training, run_epochs, save_atomically
from sess.runtime.train.optimizer import optimizer
from sess.runtime.train.step import compiled_step
from sess.runtime.vocabulary import VocabularySize

WEIGHTS, HISTORY, EVENTS = "weights.npz", "history.json", "events"


def train(program: Program, prepared: Prepared, out: Path, progress: Progress) -> dict[str, JsonValue]:
    """Train, or go on where an interrupted run of the same plan left its state in `out`; return what happened."""
    plan = program.train
    keras.utils.set_random_seed(plan.seed)
    tf.config.experimental.enable_op_determinism()
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(plan.precision)
    try:
        sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
        clicks = {name: v.counts for name, v in prepared.vocabularies.items()}
        model = SessionModel(program.model, program.workflow.inputs, sizes, clicks, prepared.items)
        model.begin_with(prepared.pretrained)
    finally:
        keras.config.set_dtype_policy(policy)
    model.fit_baselines(prepared.train)
    if all(head.is_baseline for head in program.model.heads):
        return _fitted(prepared, model, out, progress)
    batches = _batches(program, prepared, model)
    first = batches.plan(1)
    rule = optimizer(plan, len(first) * plan.epochs)
    watch = watch_of(plan)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint(out / STATE, _key(program, prepared))
    training = Training(
        model=model,
        optimizer=rule,
        step=compiled_step(model, rule, next(batches.dense(first))),
        batches=batches,
        planned=plan.epochs,
        watch=watch,
        measure=_measure(program, prepared, model, watch) if watch else None,
        checkpoint=checkpoint,
        weights=out / WEIGHTS,
        logs=Logs(out / EVENTS),
        progress=progress,
    )
    sessions = len(batches.windows.rows)
    progress.say(f"train: {sessions:,} sessions, {len(first)} steps an epoch, {model.parameter_count:,} parameters")
    if batches.too_short:
        progress.say(f"train: {batches.too_short:,} sessions of fewer than {_shortest(program)} steps left out")
    epochs = run_epochs(training)
    training.logs.close()
    best = best_epoch(epochs, watch)
    result: dict[str, JsonValue] = {
        "epochs": encode(epochs),
        "best_epoch": best.number,
        "watched": None if watch is None else str(watch.metric),
        "sessions": sessions,
        "too_short": batches.too_short,
        "parameters": model.parameter_count,
    }
    (out / HISTORY).write_text(json.dumps(result, indent=2, sort_keys=True) + "\n")
    checkpoint.remove()
    return result


def _fitted(prepared: Prepared, model: SessionModel, out: Path, progress: Progress) -> dict[str, JsonValue]:
    """Write what was counted, where there is nothing to learn."""
    sessions = len(prepared.train.offsets) - 1
    progress.say(f"train: {sessions:,} sessions counted, nothing to learn")
    out.mkdir(parents=True, exist_ok=True)
    save_atomically(model, out / WEIGHTS)
    result: dict[str, JsonValue] = {
        "epochs": [], "best_epoch": None, "watched": None, "sessions": sessions, "too_short": 0,
        "parameters": model.parameter_count,
    }  # fmt: skip
    (out / HISTORY).write_text(json.dumps(result, indent=2, sort_keys=True) + "\n")
    return result


def _batches(program: Program, prepared: Prepared, model: SessionModel) -> Batches:
    """Return the batches of all columns that the model reads or predicts."""
    read = {*program.model.inputs, *(head.target for head in program.model.heads)}
    columns = [column for column in program.workflow.inputs if column.name in read]
    batches = training_batches(
        prepared.train,
        steps=tuple(column.name for column in columns if column.role is not Role.SESSION),
        session=tuple(column.name for column in columns if column.role is Role.SESSION),
        longest=program.model.keep + model.lookahead,
        min_length=_shortest(program),
        size=program.train.batch,
        tokens=program.train.tokens,
        seed=program.train.seed,
        cuts=model.groups.cuts,
        others=program.model.keep,
    )
    if not len(batches.windows.rows):
        longest = int(np.diff(prepared.train.offsets).max(initial=0))
        raise RunFailed(
            f"no training session has {_shortest(program)} steps, the longest has {longest}",
            "look at `rows` and `min_length` in data: are the sessions right?",
        )
    return batches


def _shortest(program: Program) -> int:
    """Return the fewest steps of a training session: two where a step is predicted from another."""
    return max(program.workflow.data.min_length, 2 if program.model.objective else 1)


def _measure(program: Program, prepared: Prepared, model: SessionModel, watch: Watch) -> Callable[[], float]:
    """Return the function that measures the watched metric on the valid split."""
    if prepared.valid is None:
        raise RunFailed(f"`stop` watches `{watch.metric}`, and there is no valid split", "give data a `valid`")
    examples = examples_of(program, prepared.valid)
    if not examples.count:
        raise RunFailed(
            f"`stop` watches `{watch.metric}`, and no session of the valid split is long enough to be evaluated",
            "give data a larger `valid`",
        )
    head = watched_head(program, watch.metric, watch.head)
    popularity = popularities(program, prepared)
    scorer = Scorer(program, model, prepared.vocabularies, watch.metric.cutoff)

    def measure() -> float:
        answers = scorer.answer(examples, Silent(), "")
        return row_of(head, answers, examples, (watch.metric,), popularity).value(watch.metric)

    return measure


def _key(program: Program, prepared: Prepared) -> str:
    """Return the digest of what a training depends on, so that a state is only used for what it came from."""
    sizes = {name: [v.reserved, v.size] for name, v in prepared.vocabularies.items()}
    return of_value(program.model, program.train, program.workflow.data, sizes, len(prepared.train.offsets))
