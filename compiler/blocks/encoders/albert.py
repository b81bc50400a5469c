"""`albert`: BERT with one layer that is applied again and again (Lan et al. 2020, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import norm, positions, transformer_layer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class AlbertParams:
    """`albert(layers=2, heads=2, dropout=0)`: a bidirectional encoder, all of whose layers share their weights."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Albert(Encoder[AlbertParams]):
    """All layers have the same weights, attention and feed-forward alike, so `layers` adds depth and no numbers.

    GELU by tanh, as in the authors' code. The factorised embedding is a narrower `table` and a `project` before this.
    """

    name = "albert"
    direction = Direction.WHOLE

    def check(self, site: Site, params: AlbertParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        return check_attention(site, params, Direction.WHOLE)

    def lower(self, keras: Keras, params: AlbertParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-12)(x))
        layer = keras.session.TransformerLayer(
            params.heads, is_causal=False, activation="gelu_tanh", dropout=params.dropout
        )
        for _ in range(params.layers):
            x = layer(x, keras.mask)
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: AlbertParams) -> Cost:
        """Return positions, a norm, and one layer that works again and again."""
        steps, width = sizes.rows, sizes.outside
        layer = transformer_layer(steps, width, params.heads)
        work = replace(layer.times(params.layers), parameters=layer.parameters)
        return positions(steps, width, sizes.longest) + norm(steps, width) + work
