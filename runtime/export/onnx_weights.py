"""Large weights of an ONNX graph: the converter sees them as inputs, and afterwards they stand in the file of weights.

As constants they pass through the converter as messages, copy by copy: a table of 256 MB took three minutes and 14 GB,
and one of 2 GB can't be a message at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sess.runtime.export.saved_model import weight_argument
from sess.runtime.model import SessionModel

Tensor = Any  # TensorFlow is untyped
Weights = Mapping[str, Any]  # Keras variables, by the argument that stands for each
Message = Any  # ONNX' protobuf messages have no types here

LARGE = 1 << 24  # bytes: constants below it are folded into others where that is possible
PAGE = 4096  # bytes: a weight begins at a multiple of it, so that it can be mapped


def large_weights(model: SessionModel) -> Weights:
    """Return the served weights that are large."""
    served = model.served_weights().values()
    large = [weight for weight in served if isinstance(weight, keras.Variable) and _size(weight) >= LARGE]
    return {weight_argument(i): weight for i, weight in enumerate(large)}


def specs_of_weights(weights: Weights) -> dict[str, Any]:
    """Return what a signature says of them."""
    return {name: tf.TensorSpec(each.shape, tf.as_dtype(each.dtype), name) for name, each in weights.items()}


def taking(run: Callable[[dict[str, Tensor]], Any], weights: Weights) -> Callable[..., Any]:
    """Return a function that takes the values of some weights behind its batch, and computes with them."""

    def run_with(batch: dict[str, Tensor], *values: Tensor) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(weights.values(), values, strict=True))):
            return run(batch)

    return run_with if weights else run


def put_back(model: Message, weights: Weights, path: Path) -> None:
    """Turn the inputs that stand for weights into weights, whose bytes are written behind those of a file."""
    import onnx

    graph = model.graph
    read = {name for node in graph.node for name in node.input}
    with path.open("ab") as file:
        for tensor in [each for each in graph.input if each.name.partition(":")[0] in weights]:
            graph.input.remove(tensor)
            if tensor.name not in read:  # by a head that the graph leaves to the ranking
                continue
            values = np.ascontiguousarray(weights[tensor.name.partition(":")[0]])
            file.write(b"\0" * (-file.tell() % PAGE))
            weight = graph.initializer.add(
                name=tensor.name,
                data_type=onnx.helper.np_dtype_to_tensor_dtype(values.dtype),
                dims=values.shape,
                data_location=onnx.TensorProto.EXTERNAL,
            )
            for key, said in (("location", path.name), ("offset", file.tell()), ("length", values.nbytes)):
                weight.external_data.add(key=key, value=str(said))
            file.write(values.data)


def _size(weight: Any) -> int:  # a Keras variable
    return int(np.prod(weight.shape, dtype=np.int64)) * int(tf.as_dtype(weight.dtype).size)
