"""`attention_pool`: the real steps, each by how much attention it gets (Yang et al. 2016, equations 5 to 7)."""

from __future__ import annotations

from sess.compiler.block import Cost, Keras, KerasTensor, NoParams, ShapeBlock, Site, Sizes
from sess.compiler.cost import dense
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction, Row, Seq


class AttentionPool(ShapeBlock[NoParams]):
    """sum_t a_t x_t, where a = softmax over the real steps of v tanh(W x_t + b)."""

    name = "attention_pool"

    def check(self, site: Site, params: NoParams) -> Row | None:
        """Return a Row of the Seq's width."""
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, D); zeros for an empty session."""
        ops, x = keras.ops, keras.inputs.x
        inner = keras.layers.Dense(x.shape[-1], activation="tanh")(x)  # (B, T, D)
        scores = ops.cast(keras.layers.Dense(1, use_bias=False)(inner), "float32")  # (B, T, 1)
        real = ops.cast(ops.expand_dims(keras.mask, -1), "float32")
        shares = ops.softmax(scores - (1.0 - real) * 1e9, axis=1) * real
        return ops.sum(ops.cast(shares, x.dtype) * x, axis=1)

    def cost(self, sizes: Sizes, params: NoParams) -> Cost:
        """Return W, b and v."""
        width = sizes.inside
        return dense(sizes.rows, width, width) + dense(sizes.rows, width, Quantity.of(1), has_bias=False)
