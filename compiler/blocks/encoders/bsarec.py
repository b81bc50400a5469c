"""`bsarec`: attention beside a rescaling of high frequencies, against oversmoothing (Shin et al. 2024, section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import norm, positions, transformer_layer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class BsarecParams:
    """`bsarec(layers=2, heads=2, alpha=0.7, c=5, dropout=0)`: a bidirectional encoder that keeps its input's width;
    `alpha` is the share of the frequencies beside attention, `c` how many of them count as low.
    """

    layers: int = 2
    heads: int = 2
    alpha: float = 0.7
    c: int = 5
    dropout: float = 0.0


class Bsarec(Encoder[BsarecParams]):
    """α LN(x + f(x)) + (1 - α) LN(x + attention(x)), f of equation 8, then a feed-forward as BERT's; ε = 1e-12.

    The frame of the transform is that of `fmlp`: real steps and zeros. Attention reads both sides, as the paper's
    equations do; the authors' code masks it, beside frequencies that see all steps.
    """

    name = "bsarec"
    direction = Direction.WHOLE

    def check(self, site: Site, params: BsarecParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        site.require(0.0 <= params.alpha <= 1.0, "alpha", "must be in [0, 1]")
        site.require(params.c >= 1, "c", "must be at least 1")
        return check_attention(site, params, Direction.WHOLE)

    def lower(self, keras: Keras, params: BsarecParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-12)(x))
        for _ in range(params.layers):
            rescaled = keras.session.FrequencyRescale(keras.longest, lowest=params.c)(x, keras.mask)
            attended = keras.session.SelfAttention(
                params.heads, is_causal=False, dropout=params.dropout, has_output=True, has_biases=True
            )(x, keras.mask)
            rescaled, attended = (
                keras.layers.LayerNormalization(epsilon=1e-12)(x + keras.layers.Dropout(params.dropout)(each))
                for each in (rescaled, attended)
            )
            x = attended + params.alpha * (rescaled - attended)  # Keras takes two products with numbers for sparse
            inner = keras.session.FeedForward(4 * x.shape[-1], activation="gelu")(x)
            x = keras.layers.LayerNormalization(epsilon=1e-12)(x + keras.layers.Dropout(params.dropout)(inner))
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: BsarecParams) -> Cost:
        """Return positions and their norm, and the layers: a transformer's, and a scale and norm of frequencies."""
        steps, width = sizes.rows, sizes.outside
        rescaled = Cost(width, steps * steps * width * 2, steps * width) + norm(steps, width)
        layers = (transformer_layer(steps, width, params.heads) + rescaled).times(params.layers)
        return positions(steps, width, sizes.longest) + norm(steps, width) + layers
