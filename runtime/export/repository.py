"""The Triton repository: an ensemble over a prepare and a model step, and one ensemble more for each encoder.

It is self-contained and can be moved: every step has its code, its facts, its vocabularies and its model beside it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sess.compiler.block import JsonValue
from sess.compiler.plans import Program, TensorPlan
from sess.runtime.export.facts import MOST_SESSIONS, answerer_facts, ranked_domains, reader_facts
from sess.runtime.export.names import FACTS, VERSION, model_name, prepare_name, states_name
from sess.runtime.export.saved_model import arguments, specs_of
from sess.runtime.export.states import write_catalogues, write_states
from sess.runtime.export.templates import render
from sess.runtime.export.vocabularies import write_ids, write_places
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import WORKFLOW, Prepared
from sess.runtime.serve.tensors import bag_columns
from sess.runtime.steps.packing import TENSOR
from sess.runtime.steps.states import ONNX, TENSORFLOW
from sess.runtime.vocabulary import folder_of

STEPS = Path(__file__).parents[1] / "steps"
PREPARE_CODE = ("bags.py", "checks.py", "ids.py", "operations.py", "packing.py", "request.py", "transform.py")
MODEL_CODE = (*PREPARE_CODE, "answer.py", "index.py", "popular.py", "rank.py", "states.py")

_TYPES = {"bool": "TYPE_BOOL", "float16": "TYPE_FP16", "float32": "TYPE_FP32", "float64": "TYPE_FP64",
          "string": "TYPE_STRING"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a Triton configuration; -1 stands for any size, and `is_number` for one number a session."""

    name: str
    type: str
    dims: tuple[int, ...]
    is_optional: bool = False
    is_ragged: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an ensemble: its own names of tensors, and those of the ensemble."""

    model: str
    inputs: Sequence[tuple[str, str]]
    outputs: Sequence[tuple[str, str]]


PREPARED = Tensor(TENSOR, "TYPE_UINT8", (-1,), is_ragged=True)
BACKENDS = {"python": {"backend": "python"}, ONNX: {"backend": "onnxruntime"},
            TENSORFLOW: {"platform": "tensorflow_savedmodel"}}  # fmt: skip


def write_repository(
    program: Program, prepared: Prepared, model: SessionModel, artifact: Path, folder: Path
) -> str | None:
    """Write the repository beside an artifact's fitted workflow and vocabularies.

    Returns why the model step runs TensorFlow, None where it doesn't need to.
    """
    spec, is_python = program.serving.name, program.serving.backend == "python"
    version = folder / model_name(spec) / VERSION
    version.mkdir(parents=True)
    graph_folder = version if is_python else folder / states_name(spec) / VERSION
    graph_folder.mkdir(parents=True, exist_ok=True)
    states, why = write_states(model, program, graph_folder)
    graph: dict[str, Any] = {**states}
    reads, gives = ([], {}) if is_python else graph_tensors(program, graph)
    if not is_python:
        graph["step"] = states_name(spec)
        _write_graph(program, folder, graph["file"], reads, gives.values())
    _write_prepare(program, prepared, artifact, folder, reads, {} if is_python else graph["inputs"])
    catalogues = write_catalogues(model, program.model, version)
    facts = answerer_facts(program, prepared, graph, catalogues)
    _write_step(folder / model_name(spec), "model_step.py", MODEL_CODE, facts)
    for domain, dtype in ranked_domains(program).items():
        write_ids(prepared.vocabularies[domain], dtype, version / folder_of(domain))
    answers = [_of_plan(tensor) for tensor in program.serving.answers]
    _write_config(
        folder / model_name(spec), "step.pbtxt.jinja", name=model_name(spec), **BACKENDS["python"],
        inputs=[PREPARED, *(replace(tensor, name=name) for name, tensor in gives.items())],
        outputs=[_row(tensor) for tensor in answers], **_batching(program),
    )  # fmt: skip
    vectors = {encoder.name: f"{encoder.name}.vector" for encoder in program.model.encoders}
    heads = [tensor for tensor in answers if tensor.name not in vectors.values()]
    _write_ensemble(program, folder, spec, reads, gives, [(tensor.name, tensor) for tensor in heads])
    for encoder, inner in vectors.items():
        width = next(tensor.dims for tensor in answers if tensor.name == inner)
        vector = Tensor("vector", "TYPE_FP32", width)
        _write_ensemble(program, folder, f"{spec}.{encoder}", reads, gives, [(inner, vector)])
    return why


def graph_tensors(program: Program, graph: Mapping[str, Any]) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Return what a graph reads, and what it gives by the names of states, all without their batch dimension."""
    specs, reads = specs_of(program), []
    for argument, name in graph["inputs"].items():
        sizes = specs[argument].shape.as_list()[1:]
        dims = tuple(-1 if size is None else size for size in sizes) or (1,)
        reads.append(Tensor(name, _type(specs[argument].dtype.name), dims, is_number=not sizes))
    gives = {
        state: Tensor(graph["outputs"][state], "TYPE_FP32", (width or 1,), is_number=width is None)
        for state, width in graph["widths"].items()
    }
    return reads, gives


def _write_prepare(
    program: Program,
    prepared: Prepared,
    artifact: Path,
    folder: Path,
    reads: Sequence[Tensor],
    graph: Mapping[str, Any],
) -> None:
    step = folder / prepare_name(program.serving.name)
    columns = {argument: name for name, argument in arguments(program.model).items()}
    fed = {name: columns.get(argument) for argument, name in graph.items()}  # the mask is no column
    _write_step(step, "prepare_step.py", PREPARE_CODE, reader_facts(program, prepared, fed))
    shutil.copy(artifact / WORKFLOW, step / VERSION / WORKFLOW)
    for domain, vocabulary in prepared.vocabularies.items():
        write_places(vocabulary, step / VERSION / folder_of(domain))
    _write_config(
        step, "step.pbtxt.jinja", name=step.name, **BACKENDS["python"], max_batch_size=0,
        inputs=[_of_plan(tensor) for tensor in program.serving.request],
        outputs=[_whole(tensor) for tensor in (PREPARED, *reads)],
    )  # fmt: skip


def _write_graph(program: Program, folder: Path, file: str, reads: Sequence[Tensor], gives: Iterable[Tensor]) -> None:
    """Write the configuration of a step that is a graph alone, on the device that the spec says."""
    step = folder / states_name(program.serving.name)
    serving = program.serving
    _write_config(
        step, "step.pbtxt.jinja", name=step.name, **BACKENDS[serving.backend], file=file,
        kind=f"KIND_{serving.device.upper()}", inputs=reads, outputs=gives, **_batching(program),
    )  # fmt: skip


def _write_ensemble(
    program: Program,
    folder: Path,
    name: str,
    reads: Sequence[Tensor],
    gives: Mapping[str, Tensor],
    answers: list[tuple[str, Tensor]],
) -> None:
    spec, bags = program.serving.name, json.dumps(bag_columns(program.serving.request))
    (folder / name / VERSION).mkdir(parents=True)
    # An empty folder is lost by archives and by version control.
    (folder / name / VERSION / "ensemble").write_text("This version has no files of its own.\n")
    request = [_of_plan(tensor) for tensor in program.serving.request]

    def inner(prefix: str, tensors: Iterable[Tensor]) -> list[tuple[str, str]]:
        return [(tensor.name, f"{prefix}>{tensor.name}") for tensor in tensors]  # no head is called so

    whole = inner("prepared", (PREPARED, *reads))
    steps = [Step(prepare_name(spec), [(tensor.name, tensor.name) for tensor in request], whole)]
    if gives:
        states = [(tensor.name, f"states>{state}") for state, tensor in gives.items()]
        steps.append(Step(states_name(spec), inner("prepared", reads), states))
    outputs = [(own, tensor.name) for own, tensor in answers]
    given = [(state, f"states>{state}") for state in gives]
    steps.append(Step(model_name(spec), [*inner("prepared", [PREPARED]), *given], outputs))
    _write_config(
        folder / name, "ensemble.pbtxt.jinja", name=name, steps=steps, inputs=request,
        outputs=[tensor for _, tensor in answers],
        parameters=[("spec", spec), ("item", program.workflow.data.item), ("bags", bags)],
    )  # fmt: skip


def _batching(program: Program) -> dict[str, Any]:
    return {
        "max_batch_size": MOST_SESSIONS,
        "preferred": _sizes(program.serving.batch_max),
        "delay": program.serving.delay,
    }


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
