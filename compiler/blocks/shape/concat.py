"""`concat`: values side by side."""

from __future__ import annotations

from sess.compiler.block import Keras, KerasTensor, NoParams, Port, ShapeBlock, Site
from sess.compiler.types import Dim, Value, widest


class Concat(ShapeBlock[NoParams]):
    """Rows, Seqs of one group, or Towers of one domain; the width is the sum of theirs."""

    name = "concat"
    inputs = (Port("xs", is_variadic=True),)

    def check(self, site: Site, params: NoParams) -> Value | None:
        """Return the kind of what comes in; its direction is the widest of theirs."""
        values = site.inputs("xs")
        if values is None:
            return None
        return widest(values, sum((value.width for value in values), Dim()))

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (…, the sum of the widths)."""
        parts = keras.inputs.xs
        return keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
