"""The Triton repository: an ensemble over a prepare and a model step, and one ensemble more for each encoder.

It is self-contained and can be moved: every step has its code, its facts, its vocabularies and its model beside it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sess.compiler.block import JsonValue
from sess.compiler.plans import Program, TensorPlan
from sess.runtime.export.facts import MOST_SESSIONS, answerer_facts, ranked_domains, reader_facts
from sess.runtime.export.names import VERSION, model_name, prepare_name
from sess.runtime.export.states import write_catalogues, write_states
from sess.runtime.export.templates import render
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import WORKFLOW, Prepared
from sess.runtime.serve.tensors import bag_columns
from sess.runtime.steps.packing import TENSOR
from sess.runtime.vocabulary import file_of

STEPS = Path(__file__).parents[1] / "steps"
PREPARE_CODE = ("bags.py", "checks.py", "operations.py", "packing.py", "request.py", "transform.py")
MODEL_CODE = (*PREPARE_CODE, "answer.py", "index.py", "popular.py", "rank.py", "states.py")
FACTS = "serving.json"

_TYPES = {"bool": "TYPE_BOOL", "float16": "TYPE_FP16", "float32": "TYPE_FP32", "float64": "TYPE_FP64",
          "string": "TYPE_STRING"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a Triton configuration; -1 stands for any size."""

    name: str
    type: str
    dims: tuple[int, ...]
    is_optional: bool = False
    is_ragged: bool = False


PREPARED = Tensor(TENSOR, "TYPE_UINT8", (-1,), is_ragged=True)


def write_repository(
    program: Program, prepared: Prepared, model: SessionModel, artifact: Path, folder: Path
) -> str | None:
    """Write the repository beside an artifact's fitted workflow and vocabularies.

    Returns why the model step runs TensorFlow, None where it doesn't need to.
    """
    spec = program.serving.name
    request = [_of_plan(tensor) for tensor in program.serving.request]
    answers = [_of_plan(tensor) for tensor in program.serving.answers]
    vectors = {encoder.name: f"{encoder.name}.vector" for encoder in program.model.encoders}
    _write_step(folder / prepare_name(spec), "prepare_step.py", PREPARE_CODE, reader_facts(program))
    shutil.copy(artifact / WORKFLOW, folder / prepare_name(spec) / VERSION / WORKFLOW)
    _copy_vocabularies(artifact, folder / prepare_name(spec) / VERSION, prepared.vocabularies)
    _write_config(
        folder / prepare_name(spec), "step.pbtxt.jinja",
        name=prepare_name(spec), max_batch_size=0, inputs=request, outputs=[_whole(PREPARED)],
    )  # fmt: skip
    version = folder / model_name(spec) / VERSION
    version.mkdir(parents=True)
    states, why = write_states(model, program, version)
    catalogues = write_catalogues(model, program.model, version)
    facts = answerer_facts(program, prepared, states, catalogues)
    _write_step(folder / model_name(spec), "model_step.py", MODEL_CODE, facts)
    _copy_vocabularies(artifact, folder / model_name(spec) / VERSION, ranked_domains(program))
    _write_config(
        folder / model_name(spec), "step.pbtxt.jinja",
        name=model_name(spec), max_batch_size=MOST_SESSIONS, preferred=_sizes(program.serving.batch_max),
        delay=program.serving.delay, inputs=[PREPARED], outputs=[_row(tensor) for tensor in answers],
    )  # fmt: skip
    heads = [tensor for tensor in answers if tensor.name not in vectors.values()]
    _write_ensemble(program, folder, spec, [(tensor.name, tensor) for tensor in heads])
    for encoder, inner in vectors.items():
        width = next(tensor.dims for tensor in answers if tensor.name == inner)
        vector = Tensor("vector", "TYPE_FP32", width)
        _write_ensemble(program, folder, f"{spec}.{encoder}", [(inner, vector)])
    return why


def _write_ensemble(program: Program, folder: Path, name: str, answers: list[tuple[str, Tensor]]) -> None:
    spec, bags = program.serving.name, json.dumps(bag_columns(program.serving.request))
    (folder / name / VERSION).mkdir(parents=True)
    # An empty folder is lost by archives and by version control.
    (folder / name / VERSION / "ensemble").write_text("This version has no files of its own.\n")
    _write_config(
        folder / name, "ensemble.pbtxt.jinja",
        name=name, prepare=prepare_name(spec), model=model_name(spec), between=[PREPARED],
        inputs=[_of_plan(tensor) for tensor in program.serving.request],
        outputs=[tensor for _, tensor in answers], answers=[(inner, tensor.name) for inner, tensor in answers],
        parameters=[("spec", spec), ("item", program.workflow.data.item), ("bags", bags)],
    )  # fmt: skip


def _sizes(most: int) -> list[int]:
    """Return the sizes of batches that go at once: what has come by then where it is a power of two, or `most`.

    A request alone never waits for company; `delay` is the most that what is between two sizes waits.
    """
    return [*(1 << power for power in range((most - 1).bit_length())), most]


def _write_step(folder: Path, step: str, code: Iterable[str], facts: Mapping[str, JsonValue]) -> None:
    version = folder / VERSION
    version.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(STEPS / step, version / "model.py")
    for name in code:
        shutil.copyfile(STEPS / name, version / name)
    text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
    (version / FACTS).write_text(text + "\n", encoding="utf-8")


def _write_config(folder: Path, template: str, **values: object) -> None:
    (folder / "config.pbtxt").write_text(render(template, **values), encoding="utf-8")


def _copy_vocabularies(artifact: Path, version: Path, domains: Iterable[str]) -> None:
    for domain in domains:
        target = version / file_of(domain)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(artifact / file_of(domain), target)


def _of_plan(tensor: TensorPlan) -> Tensor:
    """Return a tensor of the request or the answer: B, N and K are any size, a number is that size."""
    dims = tuple(int(size) if size.isdecimal() else -1 for size in tensor.shape)
    return Tensor(tensor.name, _type(tensor.dtype), dims, tensor.is_optional)


def _type(dtype: str) -> str:
    # A time travels as whole microseconds since 1970.
    return "TYPE_INT64" if dtype.startswith("datetime") else _TYPES.get(dtype, f"TYPE_{dtype.upper()}")


def _whole(tensor: Tensor) -> Tensor:
    """Return a tensor with its batch dimension written out, for a step that doesn't batch."""
    return Tensor(tensor.name, tensor.type, (-1, *tensor.dims))


def _row(tensor: Tensor) -> Tensor:
    """Return a tensor of an answer without its batch dimension."""
    return Tensor(tensor.name, tensor.type, tensor.dims[1:])
