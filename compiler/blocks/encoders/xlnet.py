"""`xlnet`: relative attention over the whole session or its past (Yang et al. 2019, section 2; Dai et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import relative_layer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class XlnetParams:
    """`xlnet(layers=2, heads=2, attention=bidirectional|causal, dropout=0)`: keeps its input's width."""

    layers: int = 2
    heads: int = 2
    attention: Literal["bidirectional", "causal"] = "bidirectional"
    dropout: float = 0.0


class Xlnet(Encoder[XlnetParams]):
    """The content stream: distances instead of positions, norm after each sum, GELU of four times the width.

    Without recurrence and segments, which a single session doesn't have; `masked` hides steps as Transformers4Rec does.
    """

    name = "xlnet"
    direction = Direction.WHOLE

    def check(self, site: Site, params: XlnetParams) -> Seq | None:
        """Return a Seq as wide as its input, of the direction that `attention` says."""
        return check_attention(site, params, Direction.CAUSAL if params.attention == "causal" else Direction.WHOLE)

    def lower(self, keras: Keras, params: XlnetParams) -> KerasTensor:
        """Return (B, T, D)."""
        is_causal = params.attention == "causal"
        x = keras.layers.Dropout(params.dropout)(keras.inputs.x)
        for _ in range(params.layers):
            attended = keras.session.RelativeAttention(params.heads, is_causal=is_causal, dropout=params.dropout)(
                x, keras.mask
            )
            x = keras.layers.LayerNormalization(epsilon=1e-12)(x + keras.layers.Dropout(params.dropout)(attended))
            inner = keras.session.FeedForward(4 * x.shape[-1], activation="gelu", dropout=params.dropout)(x)
            x = keras.layers.LayerNormalization(epsilon=1e-12)(x + keras.layers.Dropout(params.dropout)(inner))
        return keras.layers.Dropout(params.dropout)(x)  # (B, T, D)

    def cost(self, sizes: Sizes, params: XlnetParams) -> Cost:
        """Return the layers."""
        return relative_layer(sizes.rows, sizes.outside, params.heads).times(params.layers)
