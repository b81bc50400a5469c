"""A prepare step as Merlin serves one: the request through NVTabular's own transform, then on as our own step sends it.

It stands in a copy of a repository, in the place of `model.py`, beside the fitted workflow in `nvtabular/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import nvtabular
import pandas as pd
import triton_python_backend_utils as triton

from .packing import TENSOR, packed
from .request import Reader


class TritonPythonModel:
    """Checks a request like our own step, and asks NVTabular for the codes."""

    def initialize(self, _args: dict[str, str]) -> None:
        """Load the fitted workflow."""
        folder = Path(__file__).parent
        self._workflow = nvtabular.Workflow.load(str(folder / "nvtabular"))
        self._reader = Reader.load(folder)
        self._reader._transform.apply = self._apply
        self._inputs = [tensor["name"] for tensor in self._reader.facts["request"]]

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return every request prepared."""
        return [self._prepare(request) for request in requests]

    def _apply(self, column: str, raw: Any) -> Any:
        frame = pd.DataFrame(dict.fromkeys(self._workflow.input_schema.column_names, raw))
        return self._workflow.transform(nvtabular.Dataset(frame)).compute()[column].to_numpy().astype(np.int32)

    def _prepare(self, request: Any) -> Any:
        given = {name: triton.get_input_tensor_by_name(request, name) for name in self._inputs}
        asked = self._reader.read({name: tensor.as_numpy() for name, tensor in given.items() if tensor is not None})
        return triton.InferenceResponse([triton.Tensor(TENSOR, packed(asked))])
