"""`sasrec`: self-attentive sequential recommendation (Kang and McAuley 2018, section III)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import attention, feed_forward, norm, positions
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class SasrecParams:
    """`sasrec(layers=2, heads=2, dropout=0)`: a causal encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Sasrec(Encoder[SasrecParams]):
    """As in the paper: learned positions, x + Dropout(g(LayerNorm(x))) for attention and feed-forward, a last norm.

    Attention has no biases and no output projection (equations 2 to 4), the feed-forward is ReLU of the same width
    (equation 5). Positions count from the first kept step, so a step never learns how many follow it. The authors' code
    also multiplies its input by √D and normalises queries alone; here the equations are followed.
    """

    name = "sasrec"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: SasrecParams) -> Seq | None:
        """Return a causal Seq as wide as its input."""
        return check_attention(site, params, Direction.CAUSAL)

    def lower(self, keras: Keras, params: SasrecParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(x)
        for _ in range(params.layers):
            attended = keras.session.SelfAttention(params.heads, is_causal=True, dropout=params.dropout)(
                keras.layers.LayerNormalization(epsilon=1e-8)(x), keras.mask
            )
            x = x + keras.layers.Dropout(params.dropout)(attended)
            inner = keras.layers.LayerNormalization(epsilon=1e-8)(x)
            inner = keras.session.FeedForward(x.shape[-1], activation="relu", dropout=params.dropout)(inner)
            x = x + keras.layers.Dropout(params.dropout)(inner)
        return keras.layers.LayerNormalization(epsilon=1e-8)(x)  # (B, T, D)

    def cost(self, sizes: Sizes, params: SasrecParams) -> Cost:
        """Return positions, the layers, and the last norm."""
        steps, width = sizes.rows, sizes.outside
        layer = attention(steps, width, params.heads, has_output=False) + feed_forward(steps, width, width)
        layer += norm(steps, width).times(2)
        return positions(steps, width, sizes.longest) + layer.times(params.layers) + norm(steps, width)
