"""Causal dilated convolution over steps, as one matrix product."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


class CausalConvolution(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Step t reads t, t - l, … t - (k - 1) l, with zeros before the first step (Yuan et al. 2019, section 3.2).

    As wide as its input. Shifted copies side by side times one matrix: a processor has no dilated gradient.
    """

    def __init__(self, kernel: int, *, dilation: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self.size, self.dilation = kernel, dilation

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights: the oldest step's part of the kernel first."""
        width = shape[-1]
        assert width is not None
        initializer = keras.initializers.GlorotUniform()
        self.kernel = self.add_weight(shape=(self.size * width, width), initializer=initializer, name="kernel")
        self.bias = self.add_weight(shape=(width,), initializer="zeros", name="bias")
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """Return (B, T, D)."""
        steps = ops.shape(x)[1]
        shifts = [(self.size - 1 - i) * self.dilation for i in range(self.size)]
        copies = [ops.pad(x, [[0, 0], [shift, 0], [0, 0]])[:, :steps] for shift in shifts]
        joined = ops.concatenate(copies, axis=-1)  # (B, T, k D)
        return ops.matmul(joined, ops.cast(self.kernel, x.dtype)) + ops.cast(self.bias, x.dtype)

    def compute_output_spec(self, x: Tensor) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)
