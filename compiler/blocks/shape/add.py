"""`add`: values of one width summed, element by element."""

from __future__ import annotations

from sess.compiler.block import Keras, KerasTensor, NoParams, Port, ShapeBlock, Site
from sess.compiler.types import Value, widest


class Add(ShapeBlock[NoParams]):
    """Rows, Seqs of one group, or Towers of one domain, all equally wide."""

    name = "add"
    inputs = (Port("xs", is_variadic=True),)

    def check(self, site: Site, params: NoParams) -> Value | None:
        """Return the kind and width of what comes in; its direction is the widest of theirs."""
        values = site.alike("xs")
        return widest(values) if values else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return the sum, shaped like each of them."""
        total, *rest = keras.inputs.xs
        for part in rest:
            total = total + part
        return total
