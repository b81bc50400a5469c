"""`hstu`: pointwise attention weighted by place and time (Zhai et al. 2024, "Actions Speak Louder", section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes, TimeColumn
from sess.compiler.cost import dense, positions
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class HstuParams:
    """`hstu(layers=2, heads=2, time=, buckets=128, dropout=0)`: a causal encoder that keeps its input's width; time
    between steps falls into so many buckets.
    """

    layers: int = 2
    heads: int = 2
    time: TimeColumn | None = None
    buckets: int = 128
    dropout: float = 0.0


class Hstu(Encoder[HstuParams]):
    """√D x plus learned positions, then x + f_2(Norm(A V) ⊙ U) of a normalised x (equations 1 to 3).

    A = SiLU(Q K^T + rab) / n, n the most steps; rab is one number for the distance of places and one for the logarithm
    of the time, shared by heads. The authors' code measures time from the step that is to come, which no request knows:
    here it is between the two steps. Its normalised output and temperature are the head's.
    """

    name = "hstu"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: HstuParams) -> Seq | None:
        """Return a causal Seq as wide as its input."""
        site.require(params.buckets >= 2, "buckets", "must be at least 2")
        return check_attention(site, params, Direction.CAUSAL)

    def lower(self, keras: Keras, params: HstuParams) -> KerasTensor:
        """Return (B, T, D)."""
        assert params.time is not None
        spans = keras.session.spans(keras.times(params.time.only), keras.mask)  # (B, T, T)
        buckets = keras.session.time_buckets(spans, params.buckets)
        width = keras.inputs.x.shape[-1]
        x = keras.session.Positions(keras.longest)(keras.inputs.x * width**0.5)
        x = keras.layers.Dropout(params.dropout)(x)
        for _ in range(params.layers):
            asked = keras.layers.LayerNormalization(epsilon=1e-6, center=False, scale=False)(x)
            x = x + keras.session.PointwiseAttention(
                params.heads, longest=keras.longest, buckets=params.buckets, dropout=params.dropout
            )(asked, buckets)
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: HstuParams) -> Cost:
        """Return positions, and the layers: four products, scores with two numbers for every pair, the output."""
        steps, width = sizes.rows, sizes.outside
        scores = Cost(
            Quantity.of(sizes.longest + params.buckets),
            steps * steps * width * 4,
            steps * steps * (2 * params.heads + 1),
        )
        layer = dense(steps, width, width * 4, has_bias=False) + scores + dense(steps, width, width)
        return positions(steps, width, sizes.longest) + layer.times(params.layers)
