"""`norm`: every vector normalised (Ba et al. 2016; Zhang and Sennrich 2019 for `rms`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Cost, DenseBlock, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import norm
from sess.compiler.types import Value


@dataclass(frozen=True, slots=True)
class NormParams:
    """`norm(kind=layer|rms)`: layer normalisation, or by the root mean square alone."""

    kind: Literal["layer", "rms"] = "layer"


class Norm(DenseBlock[NormParams]):
    """With a trained scale, and a trained shift for `layer`."""

    name = "norm"

    def check(self, site: Site, params: NormParams) -> Value | None:
        """Return what comes in."""
        return site.any_input()

    def lower(self, keras: Keras, params: NormParams) -> KerasTensor:
        """Return a tensor of the same shape."""
        if params.kind == "rms":
            return keras.layers.RMSNormalization(epsilon=1e-6)(keras.inputs.x)
        return keras.layers.LayerNormalization(epsilon=1e-6)(keras.inputs.x)

    def cost(self, sizes: Sizes, params: NormParams) -> Cost:
        """Return a scale, and a shift for `layer`."""
        return norm(sizes.rows, sizes.inside, has_shift=params.kind == "layer")
