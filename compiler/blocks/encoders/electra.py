"""`electra`: the encoder that tells replaced steps from real ones (Clark et al. 2020, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import normed_transformer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class ElectraParams:
    """`electra(layers=2, heads=2, dropout=0)`: a bidirectional encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Electra(Encoder[ElectraParams]):
    """BERT's layers, with the exact GELU of the authors' code. Generator and discriminator belong to its own objective,
    `replaced`.

    The paper's small model projects narrower token vectors to the width of the layers: `project` before it does that.
    """

    name = "electra"
    direction = Direction.WHOLE

    def check(self, site: Site, params: ElectraParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        return check_attention(site, params, Direction.WHOLE)

    def lower(self, keras: Keras, params: ElectraParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-12)(x))
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(params.heads, is_causal=False, epsilon=1e-12, dropout=params.dropout)(
                x, keras.mask
            )
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: ElectraParams) -> Cost:
        """Return positions, a norm, and the layers."""
        return normed_transformer(sizes, params.layers, params.heads)
