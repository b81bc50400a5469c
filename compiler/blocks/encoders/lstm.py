"""`lstm`: stacked long short-term memory over the session (Hochreiter and Schmidhuber 1997; Gers et al. 2000)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import recurrent
from sess.compiler.types import Dim, Direction, Seq


@dataclass(frozen=True, slots=True)
class LstmParams:
    """`lstm(units, layers=1, dropout=0)`: a causal encoder."""

    units: int
    layers: int = 1
    dropout: float = 0.0


class Lstm(Encoder[LstmParams]):
    """With forget gates, whose bias begins at 1, and without peepholes; dropout follows every layer."""

    name = "lstm"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: LstmParams) -> Seq | None:
        """Return a causal Seq, `units` wide."""
        site.require(params.units >= 1, "units", "must be at least 1")
        site.require(params.layers >= 1, "layers", "must be at least 1")
        site.require(params.layers <= 1_000, "layers", "must be at most 1,000")
        site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
        x = site.input(Seq)
        return replace(x, width=Dim(params.units), direction=max(x.direction, Direction.CAUSAL)) if x else None

    def lower(self, keras: Keras, params: LstmParams) -> KerasTensor:
        """Return (B, T, units)."""
        x = keras.inputs.x
        for _ in range(params.layers):
            x = keras.layers.LSTM(params.units, return_sequences=True)(x, mask=keras.mask)
            x = keras.layers.Dropout(params.dropout)(x)  # LSTM's own dropout leaves random state in the serving graph
        return x  # (B, T, units)

    def cost(self, sizes: Sizes, params: LstmParams) -> Cost:
        """Return four gates of two products and a bias, a layer."""
        return recurrent(sizes.rows, sizes.inside, params.units, params.layers, gates=4, biases=1, kept=9)
