"""`transformer`: self-attention with the choices that papers make (Vaswani et al. 2017; Xiong et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import norm, positions, transformer_layer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class TransformerParams:
    """`transformer(layers=2, heads=2, attention=causal|bidirectional, position=learned|sinusoidal|rotary|none,
    norm=pre|post, ffn=4, dropout=0)`: keeps its input's width; the feed-forward is `ffn` times as wide.
    """

    layers: int = 2
    heads: int = 2
    attention: Literal["causal", "bidirectional"] = "causal"
    position: Literal["learned", "sinusoidal", "rotary", "none"] = "learned"
    norm: Literal["pre", "post"] = "pre"
    ffn: int = 4
    dropout: float = 0.0


class Transformer(Encoder[TransformerParams]):
    """ReLU, ε = 1e-6 and no biases in attention, as the authors' code; `pre` ends in one more norm.

    `sinusoidal` multiplies its input by √D first (Vaswani et al. 2017, section 3.4); `rotary` turns queries and keys in
    every layer (Su et al. 2021, equation 34).
    """

    name = "transformer"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: TransformerParams) -> Seq | None:
        """Return a Seq as wide as its input, of the direction that `attention` says."""
        site.require(params.ffn >= 1, "ffn", "must be at least 1")
        x = check_attention(site, params, Direction.CAUSAL if params.attention == "causal" else Direction.WHOLE)
        width = x.width.known if x is not None else None
        if params.position == "rotary" and width is not None and params.heads >= 1 and width % params.heads == 0:
            each = width // params.heads
            site.require(each % 2 == 0, "heads", f"must leave an even width to each for `rotary`, not {each}")
        return x

    def lower(self, keras: Keras, params: TransformerParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.inputs.x
        if params.position == "learned":
            x = keras.session.Positions(keras.longest)(x)
        elif params.position == "sinusoidal":
            x = keras.session.FixedPositions(is_scaled=True)(x)
        x = keras.layers.Dropout(params.dropout)(x)
        for _ in range(params.layers):
            x = keras.session.TransformerLayer(
                params.heads, is_causal=params.attention == "causal", norm=params.norm, inner=params.ffn,
                activation="relu", epsilon=1e-6, dropout=params.dropout, has_biases=False,
                is_rotary=params.position == "rotary",
            )(x, keras.mask)  # fmt: skip
        return x if params.norm == "post" else keras.layers.LayerNormalization(epsilon=1e-6)(x)  # (B, T, D)

    def cost(self, sizes: Sizes, params: TransformerParams) -> Cost:
        """Return positions where they are learned, the layers, and a last norm where norms come first."""
        steps, width = sizes.rows, sizes.outside
        layer = transformer_layer(steps, width, params.heads, inner=params.ffn, has_bias=False)
        first = positions(steps, width, sizes.longest) if params.position == "learned" else Cost()
        last = norm(steps, width) if params.norm == "pre" else Cost()
        return first + layer.times(params.layers) + last
