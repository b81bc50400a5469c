"""`sum`: the sum of the vectors of all real steps."""

from __future__ import annotations

from sess.compiler.block import Keras, KerasTensor, NoParams, ShapeBlock, Site
from sess.compiler.types import Direction, Row, Seq


class Sum(ShapeBlock[NoParams]):
    """A pool over real steps only."""

    name = "sum"

    def check(self, site: Site, params: NoParams) -> Row | None:
        """Return a Row of the Seq's width."""
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, D); zeros for an empty session."""
        real = keras.ops.cast(keras.ops.expand_dims(keras.mask, -1), keras.inputs.x.dtype)  # (B, T, 1)
        return keras.ops.sum(keras.inputs.x * real, axis=1)
