"""`linrec`: attention whose cost grows with the number of steps, not its square (Liu et al. 2023, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense, feed_forward, norm, positions
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class LinrecParams:
    """`linrec(layers=2, heads=2, dropout=0)`: a causal encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Linrec(Encoder[LinrecParams]):
    """Learned positions and a norm, then LN(x + f(x)) with GELU of four times the width, as in the authors' code.

    Attention is ρ_1(elu(Q)) (ρ_2(elu(K))^T V) over the steps up to each: the paper's sums and norms are of all steps,
    so that a step would see the future. At the last step the two are the same.
    """

    name = "linrec"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: LinrecParams) -> Seq | None:
        """Return a causal Seq as wide as its input."""
        return check_attention(site, params, Direction.CAUSAL)

    def lower(self, keras: Keras, params: LinrecParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-12)(x))
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(
                params.heads, is_causal=True, attention="linear", dropout=params.dropout
            )(x, keras.mask)
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: LinrecParams) -> Cost:
        """Return positions and their norm, and the layers: sums of a matrix a head, and pairs in chunks of 32 steps."""
        steps, width = sizes.rows, sizes.outside
        sums = Cost(flops=steps * width * 128 + steps * width * width * 4, kept=steps * width * 4 + steps * 32)
        layer = dense(steps, width, width * 3) + sums + dense(steps, width, width)
        layer += feed_forward(steps, width, width * 4) + norm(steps, width).times(2)
        return positions(steps, width, sizes.longest) + norm(steps, width) + layer.times(params.layers)
