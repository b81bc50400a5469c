"""`bert4rec`: bidirectional attention over the items of a session (Sun et al. 2019, sections 3.2 to 3.5)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense, norm, positions, transformer_layer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class Bert4recParams:
    """`bert4rec(layers=2, heads=2, dropout=0)`: a bidirectional encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Bert4rec(Encoder[Bert4recParams]):
    """LN(x + Dropout(f(x))) with GELU of four times the width (equations 3 to 6); attention has no biases (equation 1).

    It ends in the projection GELU(h W^P + b^P) of equation 7, whose E^T and b^O are a tied head with `bias=true`, and
    in a norm, which the authors' code adds: without it small states give small scores, and training starts slowly.
    """

    name = "bert4rec"
    direction = Direction.WHOLE

    def check(self, site: Site, params: Bert4recParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        return check_attention(site, params, Direction.WHOLE)

    def lower(self, keras: Keras, params: Bert4recParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(x)
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(params.heads, is_causal=False, dropout=params.dropout, has_biases=False)(
                x, keras.mask
            )
        x = keras.layers.Dense(x.shape[-1], activation="gelu", kernel_initializer=keras.session.small())(x)
        return keras.layers.LayerNormalization(epsilon=1e-12)(x)  # (B, T, D)

    def cost(self, sizes: Sizes, params: Bert4recParams) -> Cost:
        """Return positions, the layers, a last dense one and its norm."""
        steps, width = sizes.rows, sizes.outside
        layers = transformer_layer(steps, width, params.heads, has_bias=False).times(params.layers)
        return positions(steps, width, sizes.longest) + layers + dense(steps, width, width) + norm(steps, width)
