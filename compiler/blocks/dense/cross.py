"""`cross`: products of features, one degree more with every layer (DCN-v2, Wang et al. 2021, equation 1)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Cost, DenseBlock, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense
from sess.compiler.types import Value


@dataclass(frozen=True, slots=True)
class CrossParams:
    """`cross(layers)`: how many layers, each of which multiplies with the input once more."""

    layers: int


class Cross(DenseBlock[CrossParams]):
    """x_0 (W x_l + b) + x_l, element by element."""

    name = "cross"

    def check(self, site: Site, params: CrossParams) -> Value | None:
        """Return what comes in."""
        site.require(params.layers >= 1, "layers", "must be at least 1")
        return site.any_input()

    def lower(self, keras: Keras, params: CrossParams) -> KerasTensor:
        """Return a tensor of the same shape."""
        first = x = keras.inputs.x
        for _ in range(params.layers):
            x = first * keras.layers.Dense(first.shape[-1])(x) + x
        return x

    def cost(self, sizes: Sizes, params: CrossParams) -> Cost:
        """Return a dense layer a layer."""
        return dense(sizes.rows, sizes.inside, sizes.inside).times(params.layers)
