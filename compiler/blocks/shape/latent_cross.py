"""`latent_cross`: a context that scales every element of a state (Beutel et al. 2018, equation 3)."""

from __future__ import annotations

from dataclasses import replace

from sess.compiler.block import Keras, KerasTensor, NoParams, Port, ShapeBlock, Site
from sess.compiler.types import Row, Seq


class LatentCross(ShapeBlock[NoParams]):
    """(1 + c) h, so that a context of zeros changes nothing; the context is a Row or a Seq of the same steps."""

    name = "latent_cross"
    inputs = (Port("seq"), Port("row"))

    def check(self, site: Site, params: NoParams) -> Seq | None:
        """Return the Seq; its direction is the wider of both."""
        seq, row = site.input(Seq, "seq"), site.any_input("row")
        if seq is None or row is None:
            return seq
        if not isinstance(row, (Row, Seq)) or (isinstance(row, Seq) and row.group != seq.group):
            site.mismatch(f"the context is a Row, and this is {row}", "row")
            return seq
        if row.width != seq.width:
            message = f"widths differ: the state is {seq.width} wide and its context {row.width}"
            site.mismatch(message, "row", f"add `>> project({seq.width})`", f" >> project({seq.width})")
        return replace(seq, direction=max(seq.direction, row.direction))

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, T, D)."""
        context = keras.inputs.row
        if len(context.shape) == 2:
            context = keras.ops.expand_dims(context, 1)  # (B, 1, D)
        return keras.inputs.seq * (1.0 + context)
