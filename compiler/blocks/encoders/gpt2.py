"""`gpt2`: a causal transformer with its norms before each part (Radford et al. 2019, section 2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import normed_transformer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class Gpt2Params:
    """`gpt2(layers=2, heads=2, dropout=0)`: a causal encoder that keeps its input's width."""

    layers: int = 2
    heads: int = 2
    dropout: float = 0.0


class Gpt2(Encoder[Gpt2Params]):
    """Learned positions, x + f(LN(x)) with GELU by tanh of four times the width, and a last norm; ε = 1e-5.

    The paper begins residual weights smaller by 1/√(2 layers); here they begin as those of all attention blocks.
    """

    name = "gpt2"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: Gpt2Params) -> Seq | None:
        """Return a causal Seq as wide as its input."""
        return check_attention(site, params, Direction.CAUSAL)

    def lower(self, keras: Keras, params: Gpt2Params) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(x)
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(
                params.heads, is_causal=True, norm="pre", activation="gelu_tanh", epsilon=1e-5, dropout=params.dropout
            )(x, keras.mask)
        return keras.layers.LayerNormalization(epsilon=1e-5)(x)  # (B, T, D)

    def cost(self, sizes: Sizes, params: Gpt2Params) -> Cost:
        """Return positions, the layers, and a norm."""
        return normed_transformer(sizes, params.layers, params.heads)
