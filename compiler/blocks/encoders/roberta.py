"""`roberta`: BERT as Liu et al. 2019 train it (sections 3 and 4)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import normed_transformer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class RobertaParams:
    """`roberta(layers=2, heads=2, dropout=0)`: a bidirectional encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Roberta(Encoder[RobertaParams]):
    """BERT's layers with ε = 1e-5 in the norms and the exact GELU, as in fairseq.

    What the paper changes is the training: other masks in every epoch (as `masked` does), no next sentences, and larger
    batches.
    """

    name = "roberta"
    direction = Direction.WHOLE

    def check(self, site: Site, params: RobertaParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        return check_attention(site, params, Direction.WHOLE)

    def lower(self, keras: Keras, params: RobertaParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-5)(x))
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(params.heads, is_causal=False, epsilon=1e-5, dropout=params.dropout)(
                x, keras.mask
            )
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: RobertaParams) -> Cost:
        """Return positions, a norm, and the layers."""
        return normed_transformer(sizes, params.layers, params.heads)
