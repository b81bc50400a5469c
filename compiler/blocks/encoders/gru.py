"""`gru`: stacked gated recurrent layers over the session (Hidasi et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import recurrent
from sess.compiler.types import Dim, Direction, Seq


@dataclass(frozen=True, slots=True)
class GruParams:
    """`gru(units, layers=1, dropout=0)`: a causal encoder."""

    units: int
    layers: int = 1
    dropout: float = 0.0


class Gru(Encoder[GruParams]):
    """Dropout follows every layer; the reset gate follows the product, as cuDNN has it. Weights begin as Keras' do:
    recurrent ones orthogonal, where GRU4Rec draws all from one uniform range.
    """

    name = "gru"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: GruParams) -> Seq | None:
        """Return a causal Seq, `units` wide."""
        site.require(params.units >= 1, "units", "must be at least 1")
        site.require(params.layers >= 1, "layers", "must be at least 1")
        site.require(params.layers <= 1_000, "layers", "must be at most 1,000")
        site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
        x = site.input(Seq)
        return replace(x, width=Dim(params.units), direction=max(x.direction, Direction.CAUSAL)) if x else None

    def lower(self, keras: Keras, params: GruParams) -> KerasTensor:
        """Return (B, T, units)."""
        x = keras.inputs.x
        for _ in range(params.layers):
            x = keras.layers.GRU(params.units, return_sequences=True)(x, mask=keras.mask)
            x = keras.layers.Dropout(params.dropout)(x)  # GRU's own dropout leaves random state in the serving graph
        return x  # (B, T, units)

    def cost(self, sizes: Sizes, params: GruParams) -> Cost:
        """Return three gates of two products and two biases, a layer."""
        return recurrent(sizes.rows, sizes.inside, params.units, params.layers, gates=3, biases=2, kept=7)
