"""`transformer_xl`: causal attention by content and distance (Dai et al. 2019, section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import relative_layer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class TransformerXlParams:
    """`transformer_xl(layers=2, heads=2, dropout=0)`: a causal encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class TransformerXl(Encoder[TransformerXlParams]):
    """Distances instead of positions, LN(x + f(x)) with ReLU of four times the width; ε = 1e-5.

    Without the memory of earlier segments (section 3.2): a session is one segment. The biases u and v are each layer's
    own, as in XLNet; the paper shares them between layers.
    """

    name = "transformer_xl"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: TransformerXlParams) -> Seq | None:
        """Return a causal Seq as wide as its input."""
        return check_attention(site, params, Direction.CAUSAL)

    def lower(self, keras: Keras, params: TransformerXlParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.layers.Dropout(params.dropout)(keras.inputs.x)
        for _ in range(params.layers):
            attended = keras.session.RelativeAttention(params.heads, is_causal=True, dropout=params.dropout)(
                x, keras.mask
            )
            x = keras.layers.LayerNormalization(epsilon=1e-5)(x + keras.layers.Dropout(params.dropout)(attended))
            inner = keras.session.FeedForward(4 * x.shape[-1], activation="relu", dropout=params.dropout)(x)
            x = keras.layers.LayerNormalization(epsilon=1e-5)(x + keras.layers.Dropout(params.dropout)(inner))
        return keras.layers.Dropout(params.dropout)(x)  # (B, T, D)

    def cost(self, sizes: Sizes, params: TransformerXlParams) -> Cost:
        """Return the layers."""
        steps, width = sizes.rows, sizes.outside
        return relative_layer(steps, width, params.heads).times(params.layers)
