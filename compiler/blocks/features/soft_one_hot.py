"""`soft_one_hot`: numbers as mixtures of learned vectors (de Souza Pereira Moreira et al. 2021, section 4.1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import (
    Cost,
    FeatureBlock,
    Keras,
    KerasTensor,
    Representation,
    Selection,
    Site,
    Sizes,
)
from sess.compiler.cost import dense
from sess.compiler.quantity import Quantity
from sess.compiler.types import Dim, Level, Seq, Value


@dataclass(frozen=True, slots=True)
class SoftOneHotParams:
    """`soft_one_hot(cols, buckets, dim)`: of every number a mixture of `buckets` learned vectors, each `dim` wide."""

    cols: Selection
    buckets: int
    dim: int


class SoftOneHot(FeatureBlock[SoftOneHotParams]):
    """softmax(w x + b) E, with w, b and E of each column's own; x is prepared as for `numeric`."""

    name = "soft_one_hot"

    def check(self, site: Site, params: SoftOneHotParams) -> Value | None:
        """Return a Seq of step columns, a Row of session columns, a Tower of the catalogue's; `dim` for each column."""
        site.require(params.buckets >= 2, "buckets", "must be at least 2")
        site.require(params.dim >= 1, "dim", "must be at least 1")
        features = site.features(params.cols)
        wrong = [each for each in features if each.representation is not Representation.NUMERIC]
        if wrong:
            is_vector = wrong[0].representation is Representation.VECTORS
            found = "a list of them" if is_vector else "none"
            helps = "use `vectors` for lists of numbers" if is_vector else "use `embed` for categories"
            site.mismatch(f"`{self.name}` reads numbers, and `{wrong[0].column.name}` is {found}", "cols", helps)
            return None
        return site.leaf(params.cols, Dim(params.dim) * len(features))

    def lower(self, keras: Keras, params: SoftOneHotParams) -> KerasTensor:
        """Return (…, number of columns times dim)."""
        parts = []
        for name in params.cols.names:
            number = keras.ops.expand_dims(keras.values(name), -1)  # (…, 1)
            shares = keras.layers.Dense(params.buckets, activation="softmax")(number)  # (…, buckets)
            parts.append(keras.layers.Dense(params.dim, use_bias=False)(shares))  # (…, dim)
        joined = keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        return keras.hide(joined) if params.cols.level is Level.STEP else joined

    def cost(self, sizes: Sizes, params: SoftOneHotParams) -> Cost:
        """Return w, b and E of each column, and the mask vector of hidden steps."""
        one, buckets = Quantity.of(1), Quantity.of(params.buckets)
        each = dense(sizes.rows, one, buckets) + dense(sizes.rows, buckets, Quantity.of(params.dim), has_bias=False)
        hides = sizes.hides and isinstance(sizes.output, Seq)
        return each.times(len(params.cols.names)) + (Cost(sizes.outside) if hides else Cost())
