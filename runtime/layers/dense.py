"""Positions and the feed-forward of attention blocks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


def small() -> Any:  # a Keras initializer
    """Return the initializer of attention blocks: what a block adds begins small beside the steps' own vectors."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


class Positions(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """Add a learned vector for every place, counted from the first kept step."""

    def __init__(self, longest: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.longest = longest

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weight, (longest, D)."""
        self.vectors = self.add_weight(shape=(self.longest, shape[-1]), initializer=small(), name="positions")
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """Return (B, T, D) + (T, D)."""
        return x + ops.cast(self.vectors[: ops.shape(x)[1]], x.dtype)

    def compute_output_spec(self, x: Tensor) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


def gelu_tanh(x: Tensor) -> Tensor:
    """Return the approximation of GELU by tanh, as GPT-2 and ALBERT compute it (Hendrycks and Gimpel 2016)."""
    return ops.gelu(x, approximate=True)


class FeedForward(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """activation(x W_1 + b_1) W_2 + b_2, step by step (Vaswani et al. 2017, eq. 2)."""

    def __init__(self, inner: int, *, activation: str, dropout: float = 0.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self.inner, self.activation = inner, activation
        self.drop = keras.layers.Dropout(dropout) if dropout else None

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the two layers."""
        activation = gelu_tanh if self.activation == "gelu_tanh" else self.activation
        self.first = keras.layers.Dense(self.inner, activation=activation, kernel_initializer=small(), name="first")
        self.second = keras.layers.Dense(shape[-1], kernel_initializer=small(), name="second")
        self.first.build(shape)
        self.second.build((*shape[:-1], self.inner))
        self.built = True

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D)."""
        inner = self.first(x)  # (B, T, inner)
        if self.drop is not None:
            inner = self.drop(inner, training=training)
        return self.second(inner)
