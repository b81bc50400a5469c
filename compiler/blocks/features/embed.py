"""`embed`: categorical columns through the tables of their domains, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Feature, FeatureBlock, Keras, KerasTensor, Representation, Selection, Site
from sess.compiler.types import Dim, Level, Row, Seq


@dataclass(frozen=True, slots=True)
class EmbedParams:
    """`embed(cols)`: one vector a step or a session, the columns' vectors side by side."""

    cols: Selection


class Embed(FeatureBlock[EmbedParams]):
    """Only categorical columns have a table to be looked up in."""

    name = "embed"

    def check(self, site: Site, params: EmbedParams) -> Row | Seq | None:
        """Return a Seq of step columns, a Row of session columns."""
        features = site.features(params.cols)
        wrong = [each.column.name for each in features if each.representation is not Representation.EMBED]
        if wrong:
            site.mismatch(f"`{wrong[0]}` is not categorical, so it has no table", "cols", "use `numeric` for numbers")
            return None
        width = sum((each.width for each in features), Dim())
        return Seq(width, group=_group(features)) if params.cols.level is Level.STEP else Row(width)

    def lower(self, keras: Keras, params: EmbedParams) -> KerasTensor:
        """Return (B, T, D) of step columns, (B, D) of session columns."""
        parts = [keras.embed(name) for name in params.cols.names]
        joined = keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        return keras.hide(joined) if params.cols.level is Level.STEP else joined


def _group(features: tuple[Feature, ...]) -> str:
    return features[0].group or ""
