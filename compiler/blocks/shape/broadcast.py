"""`broadcast`: one vector of the session repeated at every step."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Keras, KerasTensor, Port, Selection, ShapeBlock, Site
from sess.compiler.types import Level, Row, Seq


@dataclass(frozen=True, slots=True)
class BroadcastParams:
    """`broadcast(row, to=cols)`: a Row at every step of the group of these columns."""

    to: Selection


class Broadcast(ShapeBlock[BroadcastParams]):
    """The only way from a Row to a Seq, so that none happens unseen."""

    name = "broadcast"
    inputs = (Port("row"),)

    def check(self, site: Site, params: BroadcastParams) -> Seq | None:
        """Return a Seq of the group of `to`, as wide as the Row, of its direction."""
        row = site.input(Row, "row")
        if params.to.level is not Level.STEP:
            site.mismatch("`to` names columns of sessions, which have no steps", "to", "name step columns")
            return None
        return Seq(row.width, row.direction, params.to.group or "") if row else None

    def lower(self, keras: Keras, params: BroadcastParams) -> KerasTensor:
        """Return (B, T, D), zero where there is no step."""
        steps = keras.ops.cast(keras.ops.expand_dims(keras.mask, -1), keras.inputs.row.dtype)  # (B, T, 1)
        return keras.ops.expand_dims(keras.inputs.row, 1) * steps  # (B, 1, D) * (B, T, 1) -> (B, T, D)
