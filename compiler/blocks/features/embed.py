"""`embed`: categorical columns through the tables of their domains, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import FeatureBlock, Keras, KerasTensor, Representation, Selection, Site, TableName
from sess.compiler.types import Dim, Level, Value


@dataclass(frozen=True, slots=True)
class EmbedParams:
    """`embed(cols, tables=, combiner=mean|sum|sqrtn|max)`: one vector a step or a session, the columns' vectors side by
    side; `tables` says which where a domain has several, `combiner` makes one vector of a list's.
    """

    cols: Selection
    tables: TableName | None = None
    combiner: Literal["mean", "sum", "sqrtn", "max"] = "mean"


class Embed(FeatureBlock[EmbedParams]):
    """Only categorical columns have a table to be looked up in."""

    name = "embed"

    def check(self, site: Site, params: EmbedParams) -> Value | None:
        """Return a Seq of step columns, a Row of session columns, a Tower of the catalogue's."""
        features = site.features(params.cols)
        wrong = [each for each in features if each.representation is not Representation.EMBED]
        if wrong:
            is_vector = wrong[0].representation is Representation.VECTORS
            helps = "use `vectors` for lists of numbers" if is_vector else "use `numeric` for numbers"
            site.mismatch(
                f"`{self.name}` reads categories, and `{wrong[0].column.name}` is none, so it has no table",
                "cols",
                helps,
            )
            return None
        width = sum((each.width for each in features), Dim())
        return site.leaf(params.cols, width)

    def lower(self, keras: Keras, params: EmbedParams) -> KerasTensor:
        """Return (B, T, D) of step columns, (B, D) of session columns, (V, D) of the catalogue's."""
        parts = [keras.embed(name, params.combiner) for name in params.cols.names]
        joined = keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        return keras.hide(joined) if params.cols.level is Level.STEP else joined
