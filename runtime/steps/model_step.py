"""The model step as Triton runs it (`model.py` of `<spec>__model`): requests that arrive together are one batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as triton

from .answer import Answerer
from .checks import BadRequest
from .packing import TENSOR, unpacked
from .request import Asked

Response = Any  # Triton's classes have no types


class TritonPythonModel:
    """Serves every head and encoder of one artifact, and computes only the outputs that are asked for."""

    def initialize(self, _args: dict[str, str]) -> None:
        """Load the model that stands beside this file."""
        folder = Path(__file__).parent
        graph = json.loads((folder / "serving.json").read_text(encoding="utf-8"))["states"]
        self._given = list(graph["outputs"]) if "step" in graph else []
        self._answerer = Answerer(folder, is_fed=bool(self._given))
        self._columns = self._answerer.facts["inputs"]

    def execute(self, requests: list[Any]) -> list[Response]:
        """Return the outputs of every request."""
        packed = [triton.get_input_tensor_by_name(request, TENSOR).as_numpy() for request in requests]
        asked = [unpacked(rows, self._columns) for rows in packed]
        wanted = [frozenset(request.requested_output_names()) for request in requests]
        given = {name: self._states(name, requests, asked) for name in self._given} or None
        return [_response(answer) for answer in self._answerer.answer(asked, wanted, given)]

    def _states(self, name: str, requests: list[Any], asked: list[Asked]) -> Any:  # a numpy array
        """Return the states that a graph's step gave for all requests; one of no session has a row all the same."""
        parts = [triton.get_input_tensor_by_name(request, name).as_numpy() for request in requests]
        return np.concatenate([part[: len(each.mask)] for part, each in zip(parts, asked, strict=True)])


def _response(answer: Any) -> Response:  # outputs by name, or why there are none
    if isinstance(answer, BadRequest):
        return triton.InferenceResponse(error=triton.TritonError(str(answer), triton.TritonError.INVALID_ARG))
    return triton.InferenceResponse([triton.Tensor(name, _sendable(value)) for name, value in answer.items()])


def _sendable(value: Any) -> Any:  # a numpy array
    """Return text as UTF-8 bytes, which is what Triton sends."""
    if value.dtype != object:
        return value
    sent = value.copy()
    sent.ravel()[:] = [text.encode() for text in value.ravel()]
    return sent
