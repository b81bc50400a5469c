"""`first`: the vector of the first step."""

from __future__ import annotations

from sess.compiler.block import Keras, KerasTensor, NoParams, ShapeBlock, Site
from sess.compiler.types import Direction, Row, Seq


class First(ShapeBlock[NoParams]):
    """A pool, so its direction is whole, like that of every pool."""

    name = "first"

    def check(self, site: Site, params: NoParams) -> Row | None:
        """Return a Row of the Seq's width."""
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, D); zeros for an empty session."""
        real = keras.ops.cast(keras.mask[:, :1], keras.inputs.x.dtype)  # (B, 1): steps stand right-padded
        return keras.inputs.x[:, 0] * real
