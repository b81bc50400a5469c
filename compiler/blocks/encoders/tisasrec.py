"""`tisasrec`: self-attention that knows the time between steps (Li et al. 2020, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes, TimeColumn
from sess.compiler.cost import attention, feed_forward, norm
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class TisasrecParams:
    """`tisasrec(layers=2, heads=2, time=, span=256, dropout=0)`: a causal encoder that keeps its input's width; `span`
    is the longest interval that it tells apart, in shortest intervals of the session.
    """

    layers: int = 2
    heads: int = 2
    time: TimeColumn | None = None
    span: int = 256
    dropout: float = 0.0


class Tisasrec(Encoder[TisasrecParams]):
    """SASRec's layers, x + Dropout(f(LN(x))), with vectors of places and of intervals in keys and values (eq. 6 to 8).

    Intervals are counted in the session's shortest (section 3.2), here the shortest up to the step that looks: the
    paper's is of the whole session, which a causal encoder can't know. At the last step the two are the same.
    """

    name = "tisasrec"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: TisasrecParams) -> Seq | None:
        """Return a causal Seq as wide as its input."""
        site.require(params.span >= 1, "span", "must be at least 1")
        return check_attention(site, params, Direction.CAUSAL)

    def lower(self, keras: Keras, params: TisasrecParams) -> KerasTensor:
        """Return (B, T, D)."""
        assert params.time is not None
        times = keras.times(params.time.only)  # (B, T)
        spans, gaps = keras.session.spans(times, keras.mask), keras.session.gaps(times, keras.mask)
        intervals = keras.session.Intervals(params.span)(spans, gaps)  # (B, T, T)
        x = keras.layers.Dropout(params.dropout)(keras.inputs.x)
        marks = keras.session.IntervalMarks(longest=keras.longest, span=params.span, dropout=params.dropout)(x)
        for _ in range(params.layers):
            attended = keras.session.IntervalAttention(params.heads, dropout=params.dropout)(
                keras.layers.LayerNormalization(epsilon=1e-8)(x), intervals, marks
            )
            x = x + keras.layers.Dropout(params.dropout)(attended)
            inner = keras.layers.LayerNormalization(epsilon=1e-8)(x)
            inner = keras.session.FeedForward(x.shape[-1], activation="relu", dropout=params.dropout)(inner)
            x = x + keras.layers.Dropout(params.dropout)(inner)
        return keras.layers.LayerNormalization(epsilon=1e-8)(x)  # (B, T, D)

    def cost(self, sizes: Sizes, params: TisasrecParams) -> Cost:
        """Return the vectors of places and intervals, the layers, and the last norm."""
        steps, width, known = sizes.rows, sizes.outside, params.span + 1
        intervals = Cost(flops=steps * width * (4 * known), kept=steps * (2 * params.heads * known))
        layer = attention(steps, width, params.heads, has_output=False) + intervals + feed_forward(steps, width, width)
        layers = (layer + norm(steps, width).times(2)).times(params.layers)
        return Cost(width * (2 * sizes.longest + 2 * known)) + layers + norm(steps, width)
