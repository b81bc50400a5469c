"""`narm`: a recurrent summary beside an attentive one (Li et al. 2017, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense, recurrent
from sess.compiler.quantity import Quantity
from sess.compiler.types import Dim, Direction, Row, Seq


@dataclass(frozen=True, slots=True)
class NarmParams:
    """`narm(units, dropout=0.5)`: one vector a session; dropout is that of the joined summaries."""

    units: int
    dropout: float = 0.5


class Narm(Encoder[NarmParams]):
    """c = [h_t; Σ α_j h_j], α_j = v^T σ(A_1 h_t + A_2 h_j) (equations 3 to 8), and the B of S_i = emb_i^T B c.

    α isn't normalised, as in the paper; the authors' code takes its softmax, and a hard sigmoid. B gives `units`
    numbers, for a tied head as wide. The paper's other dropout, of the item vectors, is `dropout(0.25)` before this.
    """

    name = "narm"
    direction = Direction.WHOLE
    pools = True

    def check(self, site: Site, params: NarmParams) -> Row | None:
        """Return a Row, `units` wide."""
        site.require(params.units >= 1, "units", "must be at least 1")
        site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
        return Row(Dim(params.units), Direction.WHOLE) if site.input(Seq) else None

    def lower(self, keras: Keras, params: NarmParams) -> KerasTensor:
        """Return (B, units); zeros for an empty session."""
        ops, real = keras.ops, keras.ops.cast(keras.ops.expand_dims(keras.mask, -1), keras.inputs.x.dtype)
        states = keras.layers.GRU(params.units, return_sequences=True)(keras.inputs.x, mask=keras.mask)  # (B, T, H)
        last = keras.session.at_last(states, keras.mask)  # (B, H)
        asked = keras.layers.Dense(params.units, use_bias=False)(last)
        kept = keras.layers.Dense(params.units, use_bias=False)(states)
        weights = keras.layers.Dense(1, use_bias=False)(ops.sigmoid(ops.expand_dims(asked, 1) + kept))  # (B, T, 1)
        joined = ops.concatenate([last, ops.sum(weights * states * real, axis=1)], axis=-1)  # (B, 2 H)
        return keras.layers.Dense(params.units, use_bias=False)(keras.layers.Dropout(params.dropout)(joined))

    def cost(self, sizes: Sizes, params: NarmParams) -> Cost:
        """Return the GRU, the attention of its last state, and the projection."""
        steps, units, one = sizes.rows, Quantity.of(params.units), Quantity.of(1)
        summary = recurrent(steps, sizes.inside, params.units, gates=3, biases=2, kept=7)
        attended = dense(one, units, units, has_bias=False) + dense(steps, units, units, has_bias=False)
        attended += dense(steps, units, one, has_bias=False)
        return summary + attended + dense(one, units * 2, units, has_bias=False)
