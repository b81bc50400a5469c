"""What a real Triton runs in place of NVIDIA's backends of graphs, which no wheel has: the same graph, from Python.

Triton takes a folder of `backends` with a `model.py` for a backend; all else of a configuration is its own work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as utils

Run = Callable[[Mapping[str, Any]], Mapping[str, Any]]  # tensors by name


class TritonPythonModel:
    """A step that is a graph alone."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load the file that the configuration names."""
        config = json.loads(args["model_config"])
        file = Path(args["model_repository"]) / args["model_version"] / config["default_model_filename"]
        self._outputs = [each["name"] for each in config["output"]]
        self._run: Run = _onnx(file) if file.suffix == ".onnx" else _tensorflow(file)

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer each request alone."""
        answers = []
        for request in requests:
            found = self._run({each.name(): each.as_numpy() for each in request.inputs()})
            tensors = [utils.Tensor(name, np.ascontiguousarray(found[name])) for name in self._outputs]
            answers.append(utils.InferenceResponse(tensors))
        return answers


def _onnx(file: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, dict(inputs)), strict=True))


def _tensorflow(folder: Path) -> Run:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))

    def run(inputs: Mapping[str, Any], _alive: Any = loaded) -> Mapping[str, Any]:  # the signature dies with it
        found = loaded.signatures["serving_default"](**{name: tf.constant(each) for name, each in inputs.items()})
        return {name: values.numpy() for name, values in found.items()}

    return run
