"""`longformer`: attention to the steps nearby, for long sessions (Beltagy et al. 2020, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense, feed_forward, norm, positions
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class LongformerParams:
    """`longformer(layers=2, heads=2, window=32, dropout=0)`: a bidirectional encoder whose steps see half a window
    either side.
    """

    layers: int = 2
    heads: int = 2
    window: int = 32
    dropout: float = 0.0


class Longformer(Encoder[LongformerParams]):
    """RoBERTa's layers, in which a step sees `window` / 2 steps either side: twice the layers see twice as far.

    Time and memory grow with T · window. The paper's window is 512 of 4,096 tokens; sessions are shorter. Global
    attention, which the paper gives to tokens that a task chooses, is left out: no step of a session is one.
    """

    name = "longformer"
    direction = Direction.WHOLE

    def check(self, site: Site, params: LongformerParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        site.require(params.window >= 2 and params.window % 2 == 0, "window", "must be even and at least 2")
        return check_attention(site, params, Direction.WHOLE)

    def lower(self, keras: Keras, params: LongformerParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-5)(x))
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(
                params.heads, is_causal=False, epsilon=1e-5, dropout=params.dropout,
                attention="local", reach=params.window // 2,
            )(x, keras.mask)  # fmt: skip
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: LongformerParams) -> Cost:
        """Return positions, a norm, and layers whose steps look at a window only."""
        steps, width = sizes.rows, sizes.outside
        layer = dense(steps, width, width * 3) + dense(steps, width, width) + norm(steps, width).times(2)
        layer += feed_forward(steps, width, width * 4)
        layer += Cost(flops=steps * width * (4 * params.window), kept=steps * (2 * params.heads * params.window))
        return positions(steps, width, sizes.longest) + norm(steps, width) + layer.times(params.layers)
