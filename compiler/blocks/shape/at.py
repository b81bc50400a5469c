"""`at`: the vector that a table or Tower has for the item of each step, or of the session."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import CodesColumn, Cost, Keras, KerasTensor, Port, Representation, ShapeBlock, Site, Sizes
from sess.compiler.cost import rows_of
from sess.compiler.quantity import Quantity
from sess.compiler.types import Level, Seq, Tower, Value


@dataclass(frozen=True, slots=True)
class AtParams:
    """`at(tower, col)`: a Tower's row at each step or session, by the item in this column."""

    col: CodesColumn


class At(ShapeBlock[AtParams]):
    """What makes items with their features steps: `at(concat(items, features(side)) >> mlp([64]), item_id)`."""

    name = "at"
    inputs = (Port("tower"),)

    def check(self, site: Site, params: AtParams) -> Value | None:
        """Return a Seq of a step column, a Row of a session column, as wide as the Tower."""
        tower = site.input(Tower, "tower")
        (feature,) = site.features(params.col)
        if feature.representation is not Representation.EMBED or params.col.level is Level.CATALOGUE:
            site.mismatch(f"`{feature.column.name}` is no categorical column of steps or sessions", "col")
            return None
        if tower and feature.domain != tower.domain:
            name = feature.column.name
            site.mismatch(f"`{name}` is of the domain `{feature.domain}`, and the items are of `{tower.domain}`", "col")
        return site.leaf(params.col, tower.width) if tower else None

    def cost(self, sizes: Sizes, params: AtParams) -> Cost:
        """Return the mask vector of hidden steps, and what a look-up keeps."""
        hides = sizes.hides and isinstance(sizes.output, Seq)
        return Cost(sizes.outside if hides else Quantity(), Quantity(), rows_of(sizes.output) * sizes.outside)

    def lower(self, keras: Keras, params: AtParams) -> KerasTensor:
        """Return (B, T, D) of a step column, (B, D) of a session column."""
        found = keras.session.At(keras.inputs.tower)(keras.values(params.col.only))
        return keras.hide(found) if params.col.level is Level.STEP else found
