"""`last`: the vector of the last real step."""

from __future__ import annotations

from sess.compiler.block import Keras, KerasTensor, NoParams, ShapeBlock, Site
from sess.compiler.types import Direction, Row, Seq


class Last(ShapeBlock[NoParams]):
    """A pool: what comes out has seen the whole session."""

    name = "last"

    def check(self, site: Site, params: NoParams) -> Row | None:
        """Return a Row of the Seq's width."""
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, D); zeros for an empty session."""
        return keras.session.at_last(keras.inputs.x, keras.mask)
