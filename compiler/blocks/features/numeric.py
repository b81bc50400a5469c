"""`numeric`: continuous columns as they are after preparation, one number each."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import FeatureBlock, Keras, KerasTensor, Representation, Selection, Site
from sess.compiler.types import Dim, Level, Value


@dataclass(frozen=True, slots=True)
class NumericParams:
    """`numeric(cols)`: the standardised numbers side by side."""

    cols: Selection


class Numeric(FeatureBlock[NumericParams]):
    """Numbers were filled and standardised by the workflow."""

    name = "numeric"

    def check(self, site: Site, params: NumericParams) -> Value | None:
        """Return a Seq of step columns, a Row of session columns, a Tower of the catalogue's."""
        features = site.features(params.cols)
        wrong = [each for each in features if each.representation is not Representation.NUMERIC]
        if wrong:
            is_vector = wrong[0].representation is Representation.VECTORS
            found = "a list of them" if is_vector else "none"
            helps = "use `vectors` for lists of numbers" if is_vector else "use `embed` for categories"
            site.mismatch(f"`{self.name}` reads numbers, and `{wrong[0].column.name}` is {found}", "cols", helps)
            return None
        return site.leaf(params.cols, Dim(len(features)))

    def lower(self, keras: Keras, params: NumericParams) -> KerasTensor:
        """Return (B, T, number of columns) of step columns, (B, number of columns) of session columns."""
        stacked = keras.ops.stack([keras.values(name) for name in params.cols.names], axis=-1)
        return keras.hide(stacked) if params.cols.level is Level.STEP else stacked
