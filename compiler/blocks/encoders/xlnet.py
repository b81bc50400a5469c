"""`xlnet`: relative attention over the whole session or its past (Yang et al. 2019, section 2; Dai et al. 2019)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sess.compiler.attention import check_attention
from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import relative_layer
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class XlnetParams:
    """`xlnet(layers=2, heads=2, attention=bidirectional|causal, dropout=0)`: keeps its input's width."""

    layers: int = 2
    heads: int = 2
    attention: Literal["bidirectional", "causal"] = "bidirectional"
    dropout: float = 0.0


class Xlnet(Encoder[XlnetParams]):
    """Distances instead of positions, norm after each sum, GELU of four times the width (theirs is by tanh).

    Without recurrence and segments, which a single session doesn't have. The content stream alone, where `masked` hides
    steps as Transformers4Rec does; under `permuted` both streams, and the query stream's states where a step is asked.
    """

    name = "xlnet"
    direction = Direction.WHOLE

    def check(self, site: Site, params: XlnetParams) -> Seq | None:
        """Return a Seq as wide as its input, of the direction that `attention` says."""
        return check_attention(site, params, Direction.CAUSAL if params.attention == "causal" else Direction.WHOLE)

    def lower(self, keras: Keras, params: XlnetParams) -> KerasTensor:
        """Return (B, T, D)."""
        order = keras.order
        x = keras.layers.Dropout(params.dropout)(keras.inputs.x)
        asking = None  # the query stream: it knows the place that is asked for, and not its step
        if order is not None:
            asking = keras.session.MaskVector()(x, keras.ops.ones_like(keras.mask))
        for _ in range(params.layers):
            attend, add = self._layer(keras, params, x.shape[-1])
            if asking is not None:
                asking = add(asking, attend(x, keras.mask, order, asking))
            x = add(x, attend(x, keras.mask, order))
        if asking is not None and order is not None:
            x = keras.ops.where(order[:, :, None] > 0, asking, x)
        return keras.layers.Dropout(params.dropout)(x)  # (B, T, D)

    def _layer(self, keras: Keras, params: XlnetParams, width: int) -> tuple[Callable[..., KerasTensor], ...]:
        """Return attention, and what adds its answer to a stream; both streams have the same weights."""
        is_causal, dropout = params.attention == "causal", params.dropout
        attend = keras.session.RelativeAttention(params.heads, is_causal=is_causal, dropout=dropout)
        feed = keras.session.FeedForward(4 * width, activation="gelu", dropout=dropout)
        norms = [keras.layers.LayerNormalization(epsilon=1e-12) for _ in range(2)]
        drops = [keras.layers.Dropout(dropout) for _ in range(2)]

        def add(state: KerasTensor, attended: KerasTensor) -> KerasTensor:
            state = norms[0](state + drops[0](attended))
            return norms[1](state + drops[1](feed(state)))

        return attend, add

    def cost(self, sizes: Sizes, params: XlnetParams) -> Cost:
        """Return the layers."""
        return relative_layer(sizes.rows, sizes.outside, params.heads).times(params.layers)
