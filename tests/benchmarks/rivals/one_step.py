"""One step that calls the TensorFlow SavedModel for each request: `matmul` and `top_k`, ids by an array."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as triton

from .request import Reader


class TritonPythonModel:
    """The artifact's own SavedModel and reader, without anything of ours after it."""

    def initialize(self, _args: dict[str, str]) -> None:
        """Load TensorFlow, the model and the ids."""
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
        import tensorflow as tf

        folder = Path(__file__).parent
        self._tf, self._reader = tf, Reader.load(folder)
        self._loaded = tf.saved_model.load(str(folder / "model"))
        self._run = self._loaded.signatures["serving_default"]
        (codes,) = self._reader._transform.codes.values()
        self._ids = np.zeros(codes.reserved + len(codes.places.places), codes.places.ordered.dtype)
        self._ids[codes.reserved + codes.places.places] = codes.places.ordered
        self._inputs = [tensor["name"] for tensor in self._reader.facts["request"]]

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return ids and scores of every request."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        given = {name: triton.get_input_tensor_by_name(request, name) for name in self._inputs}
        asked = self._reader.read({name: tensor.as_numpy() for name, tensor in given.items() if tensor is not None})
        tf = self._tf
        nothing = tf.zeros([len(asked.mask), 1], tf.int32)
        feeds = {name: tf.constant(values) for name, values in asked.columns.items()}
        found = self._run(**feeds, mask=tf.constant(asked.mask), k=tf.constant(asked.k), exclude=nothing, allow=nothing)
        codes, scores = found["click.codes"].numpy(), found["click.scores"].numpy()
        return triton.InferenceResponse(
            [triton.Tensor("click.ids", self._ids[codes]), triton.Tensor("click.scores", scores)]
        )
