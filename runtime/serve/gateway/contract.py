"""What a served artifact takes and gives: its models, their tensors, and the rules that a request must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.compiler.plans import Program, TensorPlan
from sess.compiler.ragged import OFFSETS
from sess.runtime.export.names import model_name
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid
from sess.runtime.serve.tensors import numpy_dtype
from sess.runtime.steps.checks import BadRequest
from sess.runtime.steps.request import Asked, Reader

Array = NDArray[Any]  # of the dtype that the signature gives the tensor
VERSION = "1"
LONGEST_ID = 256  # characters of what a client calls its request

_DATATYPES = {"string": "BYTES", "bool": "BOOL", "float16": "FP16", "float32": "FP32", "float64": "FP64"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may hold: sessions, values of a tensor, and bytes of the message."""

    sessions: int = 4096
    values: int = 1_048_576
    bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor of the request: its datatype in the protocol and in numpy.

    `beyond` is by how much it is longer than the sessions: 0 where it has a value of each, 1 for offsets; None where it
    isn't as long as they are many.
    """

    name: str
    datatype: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    beyond: int | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """The models by name with their outputs, the inputs that all of them take, and the reader that checks them.

    `step` is the step of the repository that answers for all models when it is given what the reader prepared; None
    where another step stands before it, so that the models themselves are asked.
    """

    models: Mapping[str, tuple[Input, ...]]
    inputs: Mapping[str, Input]
    item: str
    reader: Reader
    step: str | None

    def check_model(self, name: str, version: str) -> None:
        """Refuse a model or version that is not served."""
        if name not in self.models:
            raise Refusal(Reason.NOT_FOUND, f"there is no model `{name[:64]}`", "unknown model")
        if version not in ("", VERSION):
            raise Refusal(Reason.NOT_FOUND, f"`{name}` has no version `{version[:16]}`", "unknown version")

    def check_outputs(self, model: str, outputs: Mapping[str, object]) -> None:
        """Refuse outputs that a model doesn't have."""
        known = [output.name for output in self.models[model]]
        for name in outputs:
            if name not in known:
                listed = ", ".join(f"`{each}`" for each in known)
                raise invalid(f"`{name[:64]}` is no output; the outputs are {listed}", "unknown output")

    def input(self, name: str, datatype: str) -> Input:
        """Return an input of this name and datatype; a Refusal where there is none."""
        found = self.inputs.get(name)
        if found is None:
            listed = ", ".join(f"`{each}`" for each in self.inputs)
            raise invalid(f"`{name[:64]}` is no input; the inputs are {listed}", "unknown input")
        if datatype != found.datatype:
            raise invalid(f"`{name}` is {datatype[:16]}, it must be {found.datatype}", "wrong datatype")
        return found

    def read(self, tensors: Mapping[str, Array]) -> Asked:
        """Return the prepared request; a Refusal with the rule that it breaks."""
        try:
            return self.reader.read(tensors)
        except BadRequest as error:
            raise invalid(str(error), error.rule) from None


def contract_of(program: Program, reader: Reader) -> Contract:
    """Return the contract of a compiled spec: its ensemble, and one model more for each encoder."""
    spec = program.serving.name
    vectors = {f"{encoder.name}.vector": encoder.name for encoder in program.model.encoders}
    heads = tuple(_input(tensor) for tensor in program.serving.answers if tensor.name not in vectors)
    models = {spec: heads} if heads else {}
    for tensor in program.serving.answers:
        if tensor.name in vectors:
            vector = Input("vector", "FP32", np.dtype("float32"), _sizes(tensor))
            models[f"{spec}.{vectors[tensor.name]}"] = (vector,)
    inputs = {tensor.name: _input(tensor) for tensor in program.serving.request}
    step = model_name(spec) if program.serving.backend == "python" else None
    return Contract(models, inputs, program.workflow.data.item, reader, step)


def _input(tensor: TensorPlan) -> Input:
    stored = "int64" if tensor.dtype.startswith("datetime") else tensor.dtype  # microseconds since 1970
    datatype = _DATATYPES.get(stored, stored.upper())
    beyond = {tensor.column: 0, f"{tensor.column}{OFFSETS}": 1}.get(tensor.name)
    return Input(tensor.name, datatype, numpy_dtype(tensor.dtype), _sizes(tensor), beyond)


def _sizes(tensor: TensorPlan) -> tuple[int, ...]:
    return tuple(int(size) if size.isdecimal() else -1 for size in tensor.shape)
