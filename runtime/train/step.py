"""One training step as a compiled function: loss, gradients, and the optimizer's move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from sess.runtime.model import SessionModel
from sess.runtime.train.windows import Array

Batch = Mapping[str, Array]
Step = Callable[[Any], tuple[Any, Any]]  # tensors in, tensors out


def signature(batch: Batch) -> dict[str, Any]:
    """Return the TensorFlow specs of a batch: dtypes and ranks fixed, sessions and steps free."""
    return {name: tf.TensorSpec([None] * values.ndim, tf.as_dtype(values.dtype)) for name, values in batch.items()}


def compiled_step(model: SessionModel, optimizer: Any, example: Batch) -> Step:  # a keras optimizer
    """Return the step: it moves the weights and returns the total loss and the losses by head."""
    weights = list(model.trainable_weights)
    optimizer.build(weights)

    def step(batch: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            total, parts = model.loss(batch)
            scaled = optimizer.scale_loss(total)
        gradients = tape.gradient(scaled, weights)
        # Keras' optimizers move every row anyway, and their sparse path is the slower one. What no head reads, such as
        # an encoder that is only served, has no gradient and stays.
        moves = [
            tf.zeros(weight.shape) if gradient is None else tf.convert_to_tensor(gradient)
            for gradient, weight in zip(gradients, weights, strict=True)
        ]
        optimizer.apply(moves, weights)
        return total, parts

    compiled: Step = tf.function(step, input_signature=[signature(example)])
    return compiled
