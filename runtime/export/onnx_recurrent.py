"""Recurrent layers as ONNX's own `GRU` and `LSTM`: as a loop of some forty operations a step they are ten times slower.

While a graph is traced for ONNX, these layers are one marked operation, which the converter turns into ONNX's. The mark
is an operation of TensorFlow that has the inputs of such a layer; it is never run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

Tensor = Any  # TensorFlow is untyped
Node = Any  # so are the converter's nodes
Lower = Callable[..., Node]

MARK = "CudnnRNNV3"


@contextmanager
def marked() -> Iterator[None]:
    """Trace recurrent layers as marks while the context is open."""
    before = {layer: layer.call for layer in (keras.layers.GRU, keras.layers.LSTM)}
    try:
        for layer in before:
            layer.call = _marking(layer.call)
        yield
    finally:
        for layer, call in before.items():
            layer.call = call


def _marking(call: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def mark(
        self: Any, sequence: Tensor, initial_state: Any = None, mask: Tensor = None, training: Any = False
    ) -> Tensor:
        if mask is None or initial_state is not None or not _is_plain(self):
            return call(self, sequence, initial_state=initial_state, mask=mask, training=training)
        kernel, recurrent, bias = _weights(self)
        outputs = tf.raw_ops.CudnnRNNV3(
            input=tf.transpose(sequence, [1, 0, 2]),  # (T, B, D)
            input_h=recurrent[None],  # whose last size TensorFlow takes for that of the output
            input_c=kernel[None],
            params=bias,
            # Serving has real steps first, so that their number says where they are.
            sequence_lengths=tf.reduce_sum(tf.cast(mask, tf.int32), axis=1),
            rnn_mode="gru" if isinstance(self, keras.layers.GRU) else "lstm",
            is_training=False,
        )
        states = tf.ensure_shape(outputs.output, [None, None, self.units])
        return tf.transpose(states, [1, 0, 2])  # (B, T, units)

    return mark


def _is_plain(layer: Any) -> bool:
    """Whether ONNX's operation computes what the layer does."""
    cell = layer.cell
    activations = (keras.activations.tanh, keras.activations.sigmoid)
    return bool(
        layer.return_sequences
        and not layer.go_backwards
        and not layer.return_state
        and cell.use_bias
        and (cell.activation, cell.recurrent_activation) == activations
        and getattr(cell, "reset_after", True)
    )


def _weights(layer: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Return kernel (G, D), recurrent kernel (G, U) and biases (2 G), the gates in ONNX's order."""
    cell = layer.cell
    kernel, recurrent, bias = (tf.convert_to_tensor(each) for each in (cell.kernel, cell.recurrent_kernel, cell.bias))
    if isinstance(layer, keras.layers.GRU):  # the same order of gates; both biases, (2, G)
        return tf.transpose(kernel), tf.transpose(recurrent), tf.reshape(bias, [-1])

    def ordered(weights: Tensor) -> Tensor:  # Keras: input, forget, cell, output; ONNX: input, output, forget, cell
        i, f, c, o = tf.split(weights, 4, axis=-1)
        return tf.concat([i, o, f, c], axis=-1)

    both = tf.concat([ordered(bias), tf.zeros_like(bias)], axis=-1)
    return tf.transpose(ordered(kernel)), tf.transpose(ordered(recurrent)), both


def _lower(context: Any, node: Node, _name: str, _arguments: Any) -> Node:
    """Replace a mark by ONNX's operation: (T, B, D) in, (T, B, units) out."""
    steps, recurrent, kernel, bias, lengths = node.input[:5]
    units = context.get_shape(recurrent)[-1]
    kind = node.get_attr_value("rnn_mode").decode().upper()
    (output, *_), dtype = node.output, context.get_dtype(node.output[0])
    first = context.make_const(f"{node.name}_first", _axes(0)).output[0]
    second = context.make_const(f"{node.name}_second", _axes(1)).output[0]
    attributes: Mapping[str, Any] = {"hidden_size": units, **({"linear_before_reset": 1} if kind == "GRU" else {})}
    context.remove_node(node.name)
    biases = context.make_node("Unsqueeze", [bias, first]).output[0]
    states = context.make_node(
        kind, [steps, kernel, recurrent, biases, lengths], name=f"{node.name}_states", attr=attributes,
        output_count=2 if kind == "GRU" else 3,
    )  # fmt: skip
    return context.make_node(
        "Squeeze",
        [states.output[0], second],
        name=node.name,
        outputs=[output],
        dtypes=[dtype],
        shapes=[[-1, -1, units]],
    )


def _axes(axis: int) -> Any:
    import numpy as np

    return np.array([axis], np.int64)


HANDLERS: Mapping[str, tuple[Lower, list[Any]]] = {MARK: (_lower, [])}
