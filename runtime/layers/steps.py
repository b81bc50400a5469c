"""Places in padded sessions: the last real step, one of several, another real step in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


def one_hot(places: Tensor, like: Tensor) -> Tensor:
    """Return a mask of the shape of `like` (B, T) that is true at one place (B,) of each row."""
    return ops.equal(ops.arange(ops.shape(like)[1])[None, :], ops.cast(places, "int32")[:, None])


class StepMask(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
    """The mask (B, T) of steps (B, T) of which a session has so many real ones (B,)."""

    def call(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return which steps are real."""
        return step_mask(steps, lengths)

    def compute_output_spec(self, steps: Tensor, lengths: Tensor) -> Any:
        """Return the mask's spec."""
        return keras.KerasTensor(steps.shape, dtype="bool")


def step_mask(steps: Tensor, lengths: Tensor) -> Tensor:
    """Return the mask (B, T) of right-padded steps (B, T) by the sessions' lengths (B,)."""
    return ops.arange(ops.shape(steps)[1])[None, :] < ops.cast(lengths, "int32")[:, None]


def last_step(mask: Tensor) -> Tensor:
    """Return a mask that is true at the last real step of every row (B, T); at the first place of an empty one."""
    count = ops.sum(ops.cast(mask, "int32"), axis=1)  # (B,)
    return one_hot(ops.maximum(count - 1, 0), mask)


def at(x: Tensor, where: Tensor) -> Tensor:
    """Return the vector at the one true place of each row: (B, T, D), (B, T) -> (B, D).

    A sum of zeros and one vector: three operations of a served graph, where one that gathers takes forty.
    """
    return ops.sum(ops.where(ops.expand_dims(where, -1), x, ops.zeros((), x.dtype)), axis=1)


def state_at(output: Tensor, where: Tensor) -> Tensor:
    """Return what a Seq says at the one true place of each row, and a Row as it is: (B, D)."""
    return output if len(output.shape) == 2 else at(output, where)


def at_last(x: Tensor, mask: Tensor) -> Tensor:
    """Return the vector at the last real step, (B, D); zeros for an empty session. Symbolic tensors will do, too."""
    real = ops.cast(mask, x.dtype)  # (B, T)
    is_last = real - ops.pad(real[:, 1:], [[0, 0], [0, 1]])  # 1 where a real step has no real one behind it
    return ops.sum(x * ops.expand_dims(is_last, -1), axis=1)


def swap_steps(steps: Mapping[str, Tensor], mask: Tensor, swapped: Tensor, generator: Any) -> dict[str, Tensor]:
    """Return the columns (B, T) with whole real steps, drawn from all of the batch, where `swapped` is true."""
    real = ops.cast(ops.nonzero(ops.reshape(mask, (-1,)))[0], "int32")  # (M,)
    count = ops.maximum(ops.shape(real)[0], 1)
    chance = keras.random.uniform(ops.shape(mask), seed=generator)  # (B, T)
    drawn = ops.minimum(ops.cast(chance * ops.cast(count, "float32"), "int32"), count - 1)
    flat = ops.take(ops.concatenate([real, ops.zeros((1,), "int32")]), drawn)  # one more, where nothing is real
    return {
        name: ops.where(swapped, ops.take(ops.reshape(values, (-1,)), flat), values) for name, values in steps.items()
    }


def mean_of(each: Tensor) -> Tensor:
    """Return the mean of (N,) numbers; 0 if there are none."""
    count = ops.cast(ops.maximum(ops.shape(each)[0], 1), each.dtype)
    return ops.sum(each) / count
