"""A model repository run without Triton: its ensemble walked as its configuration says, each step by its platform.

It is how a repository is proven whose backend is not installed here: TensorFlow runs the SavedModel's signature, and
onnxruntime the ONNX graph, under the names, types and shapes that the configurations promise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray
from tritonclient.grpc import model_config_pb2 as configs

from sess.compiler.failures import RunFailed
from sess.runtime.export.names import VERSION
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.checks import BadRequest
from sess.runtime.steps.packing import TENSOR, fed, packed, unpacked
from sess.runtime.steps.request import Reader
from sess.runtime.steps.states import quiet_onnxruntime

Array = NDArray[Any]  # of the dtype that a configuration gives the tensor
Config = Any  # protobuf's messages have no types here
Run = Callable[[Mapping[str, Array]], Mapping[str, Array]]

_DTYPES = {
    configs.TYPE_BOOL: "bool", configs.TYPE_STRING: "object", configs.TYPE_UINT8: "uint8",
    configs.TYPE_UINT16: "uint16", configs.TYPE_UINT32: "uint32", configs.TYPE_UINT64: "uint64",
    configs.TYPE_INT8: "int8", configs.TYPE_INT16: "int16", configs.TYPE_INT32: "int32", configs.TYPE_INT64: "int64",
    configs.TYPE_FP16: "float16", configs.TYPE_FP32: "float32", configs.TYPE_FP64: "float64",
}  # fmt: skip


class Walker:
    """A repository whose steps are loaded once."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._runs: dict[str, tuple[Config, Run]] = {}

    def infer(self, model: str, tensors: Mapping[str, Array]) -> dict[str, Array]:
        """Return an ensemble's outputs; RunFailed where a step breaks its own configuration."""
        return self._walk(model, tensors, {})

    def inputs(self, model: str, tensors: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
        """Return what each step of an ensemble is given on the way, by the step's name."""
        seen: dict[str, dict[str, Array]] = {}
        self._walk(model, tensors, seen)
        return seen

    def _walk(self, model: str, tensors: Mapping[str, Array], seen: dict[str, dict[str, Array]]) -> dict[str, Array]:
        ensemble = _config(self._repository / model)
        known = dict(tensors)
        for step in ensemble.ensemble_scheduling.step:
            config, run = self._step(step.model_name)
            given = {own: known[name] for own, name in sorted(step.input_map.items()) if name in known}
            seen[step.model_name] = given
            inputs = {
                each.name: _entering(config, each, given[each.name]) for each in config.input if each.name in given
            }
            found = run(inputs)
            for each in config.output:
                if each.name in step.output_map:
                    known[step.output_map[each.name]] = _leaving(config, each, found[each.name])
        return {output.name: known[output.name] for output in ensemble.output}

    def _step(self, name: str) -> tuple[Config, Run]:
        if name not in self._runs:
            config = _config(self._repository / name)
            self._runs[name] = config, _load(config, self._repository / name / VERSION)
        return self._runs[name]


def _config(folder: Path) -> Config:
    return text_format.Parse((folder / "config.pbtxt").read_text(encoding="utf-8"), configs.ModelConfig())


def _load(config: Config, version: Path) -> Run:
    """Return what runs a step: its platform's own engine for a graph."""
    graph = version / config.default_model_filename
    if config.platform == "tensorflow_savedmodel":
        return _tensorflow(graph)
    if config.backend == "onnxruntime":
        return _onnx(graph)
    return _prepare(version) if (version / "workflow.json").exists() else _model(version, config)


def _tensorflow(folder: Path) -> Run:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["serving_default"]

    def run(inputs: Mapping[str, Array], _alive: Any = loaded) -> dict[str, Array]:  # the signature dies with it
        found = signature(**{name: tf.constant(values) for name, values in inputs.items()})
        return {name: value.numpy() for name, value in found.items()}

    return run


def _onnx(file: Path) -> Run:
    session = quiet_onnxruntime().InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Mapping[str, Array]) -> dict[str, Array]:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    return run


def _prepare(version: Path) -> Run:
    reader = Reader.load(version)

    def run(inputs: Mapping[str, Array]) -> dict[str, Array]:
        asked = reader.read(inputs)
        return {TENSOR: packed(asked), **fed(asked, reader.facts["graph"])}

    return run


def _model(version: Path, config: Config) -> Run:
    given = [each.name for each in config.input if each.name != TENSOR]
    answerer = Answerer(version, is_fed=bool(given))

    def run(inputs: Mapping[str, Array]) -> dict[str, Array]:
        asked = unpacked(inputs[TENSOR], answerer.facts["inputs"])
        states = {name: inputs[name][: len(asked.mask)] for name in given} or None
        (answer,) = answerer.answer([asked], [answerer.outputs], states)
        if isinstance(answer, BadRequest):
            raise answer
        return answer

    return run


def _entering(config: Config, tensor: Config, values: Array) -> Array:
    """Return an input as Triton hands it to a step: checked, and reshaped where the configuration says so."""
    _require(config, tensor, values)
    if tensor.HasField("reshape"):
        return values.reshape(len(values), *tensor.reshape.shape)
    return values


def _leaving(config: Config, tensor: Config, values: Array) -> Array:
    if tensor.HasField("reshape"):
        values = values.reshape(len(values), *tensor.dims)
    _require(config, tensor, values)
    return values


def _require(config: Config, tensor: Config, values: Array) -> None:
    """Raise RunFailed unless a tensor has the type and the sizes that its configuration says."""
    sizes = values.shape[1:] if config.max_batch_size else values.shape
    is_fitting = len(sizes) == len(tensor.dims) and all(
        said in (-1, size) for said, size in zip(tensor.dims, sizes, strict=True)
    )
    if not is_fitting or values.dtype != np.dtype(_DTYPES[tensor.data_type]):
        message = f"`{config.name}` says that `{tensor.name}` is {list(tensor.dims)}, and it is {list(values.shape)}"
        raise RunFailed(f"{message} of {values.dtype}")
