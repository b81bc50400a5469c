"""`hstu`: pointwise attention weighted by place and time (Zhai et al. 2024, "Actions Speak Louder", section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Encoder, Keras, KerasTensor, Site, TimeColumn
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
    """x + f_2(Norm(A V) ⊙ U) of a normalised x (equations 1 to 3); A = SiLU(Q K^T + rab) / n, n the most steps.

    rab is one number for the distance of places and one for the logarithm of the time, shared by heads. The authors'
    code measures time to the step that is to come, which no request knows; here it is between the two steps. Its input
    is scaled by √D and given positions before the first layer: here rab alone tells the order.
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
        x = keras.layers.Dropout(params.dropout)(keras.inputs.x)
        for _ in range(params.layers):
            asked = keras.layers.LayerNormalization(epsilon=1e-6, center=False, scale=False)(x)
            x = x + keras.session.PointwiseAttention(
                params.heads, longest=keras.longest, buckets=params.buckets, dropout=params.dropout
            )(asked, buckets)
        return x  # (B, T, D)
