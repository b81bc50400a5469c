"""`max`: the largest number of all real steps, element by element."""

from __future__ import annotations

from sess.compiler.block import Keras, KerasTensor, NoParams, ShapeBlock, Site
from sess.compiler.types import Direction, Row, Seq


class Max(ShapeBlock[NoParams]):
    """A pool over real steps only."""

    name = "max"

    def check(self, site: Site, params: NoParams) -> Row | None:
        """Return a Row of the Seq's width."""
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, D); zeros for an empty session."""
        ops, x = keras.ops, keras.inputs.x
        real = ops.expand_dims(keras.mask, -1)  # (B, T, 1)
        largest = ops.max(ops.where(real, x, -3e38 if x.dtype != "float16" else -6e4), axis=1)  # (B, D)
        return ops.where(ops.any(keras.mask, axis=1, keepdims=True), largest, 0.0)
