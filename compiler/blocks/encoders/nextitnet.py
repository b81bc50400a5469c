"""`nextitnet`: residual blocks of dilated causal convolutions (Yuan et al. 2019, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense, norm
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class NextitnetParams:
    """`nextitnet(dilations=[1, 4], kernel=3, dropout=0)`: a causal encoder that keeps its input's width; a block for
    every dilation, which its second convolution doubles.
    """

    dilations: tuple[int, ...] = (1, 4)
    kernel: int = 3
    dropout: float = 0.0


class Nextitnet(Encoder[NextitnetParams]):
    """x + ReLU(LN(conv_2l(ReLU(LN(conv_l(x)))))), figure 3 (b): the defaults dilate by 1, 2, 4 and 8, as the paper.

    A step sees 1 + (kernel - 1) · 3 · (the sum of the dilations) steps. Dropout follows every block; the paper has
    none.
    """

    name = "nextitnet"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: NextitnetParams) -> Seq | None:
        """Return a causal Seq as wide as its input."""
        site.require(len(params.dilations) > 0, "dilations", "must name at least one")
        site.require(all(each >= 1 for each in params.dilations), "dilations", "must hold numbers of at least 1")
        site.require(params.kernel >= 2, "kernel", "must be at least 2")
        site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
        x = site.input(Seq)
        return replace(x, direction=max(x.direction, Direction.CAUSAL)) if x else None

    def lower(self, keras: Keras, params: NextitnetParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.inputs.x
        for dilation in params.dilations:
            inner = x
            for each in (dilation, 2 * dilation):
                inner = keras.session.CausalConvolution(params.kernel, dilation=each)(inner)
                inner = keras.ops.relu(keras.layers.LayerNormalization(epsilon=1e-8)(inner))
            x = x + keras.layers.Dropout(params.dropout)(inner)
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: NextitnetParams) -> Cost:
        """Return two convolutions and their norms for every dilation."""
        steps, width = sizes.rows, sizes.outside
        return (dense(steps, width * params.kernel, width) + norm(steps, width)).times(2 * len(params.dilations))
