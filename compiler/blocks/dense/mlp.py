"""`mlp`: dense layers, the same at every step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from sess.compiler.block import Cost, DenseBlock, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense
from sess.compiler.quantity import Quantity
from sess.compiler.types import Dim, Value


@dataclass(frozen=True, slots=True)
class MlpParams:
    """`mlp([…], activation=relu, dropout=0)`: a dense layer and its activation for every width."""

    widths: tuple[int, ...]
    activation: Literal["relu", "gelu", "silu", "tanh", "linear"] = "relu"
    dropout: float = 0.0


class Mlp(DenseBlock[MlpParams]):
    """As Merlin's MLPBlock: the activation follows every layer."""

    name = "mlp"

    def check(self, site: Site, params: MlpParams) -> Value | None:
        """Return what comes in, as wide as the last layer."""
        site.require(len(params.widths) > 0, "widths", "must name at least one width")
        site.require(all(width >= 1 for width in params.widths), "widths", "must hold widths of at least 1")
        site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
        x = site.any_input()
        return replace(x, width=Dim(params.widths[-1])) if x and params.widths else None

    def lower(self, keras: Keras, params: MlpParams) -> KerasTensor:
        """Return (…, the last width)."""
        x = keras.inputs.x
        for width in params.widths:
            x = keras.layers.Dense(width, activation=params.activation)(x)
            if params.dropout:
                x = keras.layers.Dropout(params.dropout)(x)
        return x

    def cost(self, sizes: Sizes, params: MlpParams) -> Cost:
        """Return one dense layer after the other."""
        widths = [sizes.inside, *map(Quantity.of, params.widths)]
        return sum((dense(sizes.rows, *pair) for pair in pairwise(widths)), Cost())
