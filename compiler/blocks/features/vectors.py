"""`vectors`: lists of numbers of fixed length as they are, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import FeatureBlock, Keras, KerasTensor, Representation, Selection, Site
from sess.compiler.types import Dim, Level, Value


@dataclass(frozen=True, slots=True)
class VectorsParams:
    """`vectors(cols)`: vectors that the data brings, one a step, a session or an item of the catalogue."""

    cols: Selection


class Vectors(FeatureBlock[VectorsParams]):
    """Each row of such a column holds as many numbers as the schema says; a missing vector is zeros."""

    name = "vectors"

    def check(self, site: Site, params: VectorsParams) -> Value | None:
        """Return a Seq of step columns, a Row of session columns, a Tower of the catalogue's."""
        features = site.features(params.cols)
        wrong = [each.column.name for each in features if each.representation is not Representation.VECTORS]
        if wrong:
            site.mismatch(f"`{wrong[0]}` is no list of numbers", "cols", "use `embed` for categories")
            return None
        width = sum((each.width for each in features), Dim())
        return site.leaf(params.cols, width)

    def lower(self, keras: Keras, params: VectorsParams) -> KerasTensor:
        """Return (B, T, D) of step columns, (B, D) of session columns, (V, D) of the catalogue's."""
        parts = [keras.values(name) for name in params.cols.names]
        joined = keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        return keras.hide(joined) if params.cols.level is Level.STEP else joined
