"""One layer of a transformer: attention and a feed-forward, each added to its input, with a norm before or after."""

from __future__ import annotations

from typing import Any, Literal

import keras

from sess.runtime.layers.attention import SelfAttention
from sess.runtime.layers.dense import FeedForward
from sess.runtime.layers.linear_attention import LinearAttention
from sess.runtime.layers.local_attention import LocalAttention

Tensor = Any  # Keras tensors have no type that mypy could know


class TransformerLayer(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """`post`: LN(x + f(x)), as Vaswani et al. 2017 and BERT; `pre`: x + f(LN(x)), as GPT-2.

    `inner` is the width of the feed-forward in widths of the layer. Local attention sees `reach` steps either side,
    linear attention what came before. A layer that is called twice has the same weights twice.
    """

    def __init__(
        self,
        heads: int,
        *,
        is_causal: bool,
        norm: Literal["pre", "post"] = "post",
        inner: int = 4,
        activation: str = "gelu",
        epsilon: float = 1e-12,
        dropout: float = 0.0,
        has_biases: bool = True,
        is_rotary: bool = False,
        attention: Literal["full", "local", "linear"] = "full",
        reach: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.is_post, self.inner, self.activation = norm == "post", inner, activation
        match attention:
            case "full":
                self.attention = SelfAttention(
                    heads, is_causal=is_causal, dropout=dropout, has_output=True, has_biases=has_biases,
                    is_rotary=is_rotary, name="attention",
                )  # fmt: skip
            case "local":
                self.attention = LocalAttention(heads, reach=reach, dropout=dropout, name="attention")
            case "linear":
                self.attention = LinearAttention(heads, name="attention")
        self.norms = [keras.layers.LayerNormalization(epsilon=epsilon, name=f"norm_{i}") for i in (1, 2)]
        self.drops = [keras.layers.Dropout(dropout) for _ in range(2)]

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        width = shape[-1]
        assert width is not None
        self.feed = FeedForward(self.inner * width, activation=self.activation, name="feed")
        for part in (self.attention, self.feed, *self.norms):
            part.build(shape)
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        first, second = self.norms
        if self.is_post:
            x = first(x + self.drops[0](self.attention(x, mask, training=training), training=training))
            return second(x + self.drops[1](self.feed(x, training=training), training=training))
        x = x + self.drops[0](self.attention(first(x), mask, training=training), training=training)
        return x + self.drops[1](self.feed(second(x), training=training), training=training)

    def compute_output_spec(self, x: Tensor, mask: Tensor, training: bool | None = None) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)
