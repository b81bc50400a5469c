"""`stamp`: the last step against the memory of the session (Liu et al. 2018, section 3.3)."""

from __future__ import annotations

from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, NoParams, Site, Sizes
from sess.compiler.cost import dense
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction, Row, Seq


class Stamp(Encoder[NoParams]):
    """h_s ⊙ h_t, whose product with an item's vector is the paper's score (equations 1 to 9).

    Attention by the last step and the mean of all isn't normalised, as in the paper; the authors' code adds that mean
    to what it gives. Weights begin with a deviation of 0.05 (section 4.3). The sigmoid of the scores (equation 5) is
    left out, as in their code: a softmax follows either way.
    """

    name = "stamp"
    direction = Direction.WHOLE
    pools = True

    def check(self, site: Site, params: NoParams) -> Row | None:
        """Return a Row as wide as its input."""
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, D)."""
        ops, x, width = keras.ops, keras.inputs.x, keras.inputs.x.shape[-1]

        def dense(units: int, activation: str | None = None, *, has_bias: bool = False) -> KerasTensor:
            begin = keras.keras.initializers.RandomNormal(stddev=0.05)
            return keras.layers.Dense(units, activation=activation, use_bias=has_bias, kernel_initializer=begin)

        real = ops.cast(ops.expand_dims(keras.mask, -1), x.dtype)  # (B, T, 1)
        last = keras.session.at_last(x, keras.mask)  # (B, D)
        memory = ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)
        asked = ops.expand_dims(dense(width)(last) + dense(width)(memory), 1)  # (B, 1, D)
        weights = dense(1)(ops.sigmoid(dense(width, has_bias=True)(x) + asked))  # (B, T, 1)
        attended = ops.sum(weights * x * real, axis=1)
        return dense(width, "tanh", has_bias=True)(attended) * dense(width, "tanh", has_bias=True)(last)  # (B, D)

    def cost(self, sizes: Sizes, params: NoParams) -> Cost:
        """Return the attention, and a layer for each of its two parts."""
        steps, width, one = sizes.rows, sizes.inside, Quantity.of(1)
        asked = dense(one, width, width, has_bias=False).times(2) + dense(steps, width, width)
        return asked + dense(steps, width, one, has_bias=False) + dense(one, width, width).times(2)
