"""What goes into the heads of attention and comes out of them: queries, keys and values in one product, and W_O."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from sess.runtime.layers.dense import small

Tensor = Any  # Keras tensors have no type that mypy could know


class Projected(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """A layer of several heads whose answer is shaped like its first input, (B, T, D)."""

    def __init__(self, heads: int, *, dropout: float = 0.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self.heads = heads
        self.drop = keras.layers.Dropout(dropout) if dropout else None
        self.joined_bias: Any = None  # a weight, as the two that follow
        self.output_weight: Any = None
        self.output_bias: Any = None

    def project(self, shape: tuple[int | None, ...], *, has_bias: bool = False) -> None:
        """Make W_Q, W_K and W_V in one, and learn the widths of all heads, `width`, and of each, `inner`."""
        width = shape[-1]
        assert width is not None
        self.width, self.inner = width, width // self.heads
        self.joined = self.add_weight(shape=(width, 3 * width), initializer=small(), name="query_key_value")
        if has_bias:
            self.joined_bias = self.add_weight(shape=(3 * width,), initializer="zeros", name="query_key_value_bias")

    def project_back(self, *, has_bias: bool = False) -> None:
        """Make W_O."""
        self.output_weight = self.add_weight(shape=(self.width, self.width), initializer=small(), name="output")
        if has_bias:
            self.output_bias = self.add_weight(shape=(self.width,), initializer="zeros", name="output_bias")

    def product(self, x: Tensor) -> Tensor:
        """Return queries, keys and values side by side, (B, T, 3 D)."""
        joined = ops.matmul(x, ops.cast(self.joined, x.dtype))
        return joined if self.joined_bias is None else joined + ops.cast(self.joined_bias, x.dtype)

    def split(self, joined: Tensor) -> tuple[Tensor, ...]:
        """Return the parts that stand side by side, (B, T, n D), each by head: n times (B, H, T, d)."""
        parts = joined.shape[-1] // self.width
        shape = (ops.shape(joined)[0], ops.shape(joined)[1], parts, self.heads, self.inner)
        found = ops.transpose(ops.reshape(joined, shape), (2, 0, 3, 1, 4))
        return tuple(found[i] for i in range(parts))

    def dropped(self, weights: Tensor, training: bool | None) -> Tensor:
        """Return the weights of attention, in training without some of them."""
        return weights if self.drop is None else self.drop(weights, training=training)

    def together(self, found: Tensor) -> Tensor:
        """Return what the heads found, (B, H, T, d), side by side and through W_O if there is one: (B, T, D)."""
        shape = (ops.shape(found)[0], ops.shape(found)[2], self.width)
        return self.back(ops.reshape(ops.transpose(found, (0, 2, 1, 3)), shape))

    def back(self, found: Tensor) -> Tensor:
        """Return (B, T, D) through W_O if there is one."""
        if self.output_weight is not None:
            found = ops.matmul(found, ops.cast(self.output_weight, found.dtype))
        return found if self.output_bias is None else found + ops.cast(self.output_bias, found.dtype)

    def compute_output_spec(self, x: Tensor, *others: Any, **words: Any) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)
