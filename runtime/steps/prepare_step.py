"""The prepare step as Triton runs it (`model.py` of `<spec>__prepare`): raw tensors in, what the model reads out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import triton_python_backend_utils as triton

from .checks import BadRequest
from .packing import TENSOR, fed, packed
from .request import Reader

Response = Any  # Triton's classes have no types


class TritonPythonModel:
    """Answers each request by itself: one that breaks a rule gets the rule, its neighbours never notice."""

    def initialize(self, _args: dict[str, str]) -> None:
        """Load the transform that stands beside this file."""
        self._reader = Reader.load(Path(__file__).parent)
        self._inputs = [tensor["name"] for tensor in self._reader.facts["request"]]

    def execute(self, requests: list[Any]) -> list[Response]:
        """Return every request prepared."""
        return [self._prepare(request) for request in requests]

    def _prepare(self, request: Any) -> Response:
        try:
            given = {name: triton.get_input_tensor_by_name(request, name) for name in self._inputs}
            asked = self._reader.read({name: tensor.as_numpy() for name, tensor in given.items() if tensor is not None})
        except BadRequest as error:
            return triton.InferenceResponse(error=triton.TritonError(str(error), triton.TritonError.INVALID_ARG))
        tensors = {TENSOR: packed(asked), **fed(asked, self._reader.facts["graph"])}
        return triton.InferenceResponse([triton.Tensor(name, values) for name, values in tensors.items()])
