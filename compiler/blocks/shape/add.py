"""`add`: values of one width summed, element by element."""

from __future__ import annotations

from dataclasses import replace

from sess.compiler.block import Keras, KerasTensor, NoParams, Port, ShapeBlock, Site
from sess.compiler.types import Direction, Row, Seq, Tower, Value


class Add(ShapeBlock[NoParams]):
    """Rows, Seqs of one group, or Towers of one domain, all equally wide."""

    name = "add"
    inputs = (Port("xs", is_variadic=True),)

    def check(self, site: Site, params: NoParams) -> Value | None:
        """Return the kind and width of what comes in; its direction is the widest of theirs."""
        values = site.inputs("xs")
        if values is None:
            return None
        first = values[0]
        other = next((value for value in values if value.width != first.width), None)
        if other is not None:
            site.mismatch(f"widths differ: {first} and {other}", "xs", f"add `>> project({first.width})`")
            return None
        directions = [value.direction for value in values if isinstance(value, (Row, Seq))]
        return (
            first if isinstance(first, Tower) else replace(first, direction=max(directions, default=Direction.STEPWISE))
        )

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return the sum, shaped like each of them."""
        total, *rest = keras.inputs.xs
        for part in rest:
            total = total + part
        return total
