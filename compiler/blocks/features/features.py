"""`features`: any columns as vectors, each by its tags and dtype, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import FeatureBlock, Keras, KerasTensor, Pipe, Representation, Selection, Site
from sess.compiler.types import Dim, Level, Value


@dataclass(frozen=True, slots=True)
class FeaturesParams:
    """`features(cols, each=)`: categories through their tables, numbers as they are; times, texts and keys are skipped.
    `each` is a pipe for every column by itself, such as `project(16)`.
    """

    cols: Selection
    each: Pipe | None = None


class Features(FeatureBlock[FeaturesParams]):
    """What is skipped is listed by `sess render`."""

    name = "features"

    def check(self, site: Site, params: FeaturesParams) -> Value | None:
        """Return a Seq of step columns, a Row of session columns, a Tower of the catalogue's."""
        features = site.features(params.cols)
        unclear = [each for each in features if each.representation is Representation.UNCLEAR]
        for each in unclear:
            helps = "tag it CATEGORICAL, CONTINUOUS, ID or TIME in the schema, or leave it out"
            site.mismatch(f"`{each.column.name}` is an integer that could be a category or a number", "cols", helps)
        kept = [each for each in features if each.representation is not Representation.SKIP]
        if unclear:
            return None
        if not kept:
            names = ", ".join(f"`{each.column.name}`" for each in features)
            site.mismatch(f"nothing is left to read: {names} are times, texts or the key", "cols")
            return None
        width = sum((each.width for each in kept), Dim())
        return site.leaf(params.cols, width)

    def lower(self, keras: Keras, params: FeaturesParams) -> KerasTensor:
        """Return (B, T, D) of step columns, (B, D) of session columns, (V, D) of the catalogue's."""
        parts = []
        for name in params.cols.names:
            match keras.representation(name):
                case Representation.EMBED:
                    parts.append(keras.embed(name))
                case Representation.NUMERIC:
                    parts.append(keras.ops.expand_dims(keras.values(name), -1))
                case Representation.VECTORS:
                    parts.append(keras.values(name))
        joined = keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        return keras.hide(joined) if params.cols.level is Level.STEP else joined
