"""`bert`: a bidirectional transformer with its norms after each sum (Devlin et al. 2019, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import normed_transformer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class BertParams:
    """`bert(layers=2, heads=2, dropout=0)`: a bidirectional encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Bert(Encoder[BertParams]):
    """Learned positions, a norm of the input, then LN(x + f(x)) with GELU (by tanh, as the authors' code) of four times
    the width; ε = 1e-12.

    The segment vector is left out: a session is one segment, for which it would be the same number everywhere.
    """

    name = "bert"
    direction = Direction.WHOLE

    def check(self, site: Site, params: BertParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        return check_attention(site, params, Direction.WHOLE)

    def lower(self, keras: Keras, params: BertParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-12)(x))
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(
                params.heads, is_causal=False, activation="gelu_tanh", epsilon=1e-12, dropout=params.dropout
            )(x, keras.mask)
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: BertParams) -> Cost:
        """Return positions, a norm, and the layers."""
        return normed_transformer(sizes, params.layers, params.heads)
