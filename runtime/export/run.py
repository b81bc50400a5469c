"""`export`: trained weights to a SavedModel, schemas, a Triton repository and golden requests."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np

from sess.compiler.backend import SpecFiles
from sess.compiler.block import JsonValue
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.export.deploy import write_deployment
from sess.runtime.export.golden import write_golden
from sess.runtime.export.index import FOLDER as INDEX
from sess.runtime.export.index import write_indexes
from sess.runtime.export.names import VERSION, model_name, prepare_name
from sess.runtime.export.repository import write_repository
from sess.runtime.export.saved_model import save
from sess.runtime.export.schemas import write_schemas
from sess.runtime.export.warm_up import write_warm_up
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.progress import Progress
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.request import Reader
from sess.runtime.trust.check import check_loadable
from sess.runtime.vocabulary import VocabularySize

GOLDEN = "golden.json"
WEIGHTS = "weights.npz"


def export(
    program: Program, prepared: Prepared, weights: Path, files: SpecFiles, out: Path, progress: Progress
) -> dict[str, JsonValue]:
    """Write `model/`, `schema/`, `triton/` and `deploy/` into an artifact that holds the fitted workflow.

    Returns what was measured of each head's index, nothing where the spec asks for none.
    """
    steps = 4 if program.serving.index.name == "exact" else 5
    with progress.track("export", steps) as task:
        for folder in ("model", "triton", INDEX):
            shutil.rmtree(out / folder, ignore_errors=True)
        keras.utils.clear_session(free_memory=False)  # the names of layers count from one in every export
        sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
        model = SessionModel(program.model, program.workflow.inputs, sizes, items=prepared.items)
        model.load_weights(weights)
        _check_finite(model)
        save(model, program, sizes, out / "model")
        task.advance(1, "model")
        write_schemas(program, files, out / "schema")
        task.advance(1, "schemas")
        triton = out / "triton"
        why = write_repository(program, prepared, model, out, triton)
        task.advance(1, "triton")
        shutil.copyfile(weights, out / "model" / WEIGHTS)
        name = program.serving.name
        reader = Reader.load(triton / prepare_name(name) / VERSION)
        step = triton / model_name(name) / VERSION
        measured: dict[str, JsonValue] = {}
        if program.serving.index.name != "exact":
            measured = write_indexes(program, prepared, reader, step, out, progress)
            task.advance(1, "index")
        answerer = Answerer(step)
        write_deployment(program, out / "deploy")
        check_loadable(out)  # what is refused when it is served isn't exported
        rows = write_golden(program, prepared, reader, answerer, triton / GOLDEN)
        if rows:
            write_warm_up(program, rows[0], triton)
        task.advance(1, "golden requests")
    if why is not None:
        progress.say(f"export: the model step runs TensorFlow, which takes longer to start and to answer: {why}")
    return measured


def _check_finite(model: SessionModel) -> None:
    for name, weight in model.weights_by_name().items():
        if not np.isfinite(np.asarray(weight)).all():
            message = f"the weight `{name}` is not finite, so the model is not exported"
            raise RunFailed(message, "lower the learning rate")
