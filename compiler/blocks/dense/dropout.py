"""`dropout`: numbers left out at random, only in training (Srivastava et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Cost, DenseBlock, Keras, KerasTensor, Site, Sizes
from sess.compiler.types import Value


@dataclass(frozen=True, slots=True)
class DropoutParams:
    """`dropout(rate)`: the share of numbers that become 0 in training."""

    rate: float


class Dropout(DenseBlock[DropoutParams]):
    """What is left is scaled by 1 / (1 - rate), so that serving needs nothing."""

    name = "dropout"

    def check(self, site: Site, params: DropoutParams) -> Value | None:
        """Return what comes in."""
        site.require(0.0 <= params.rate < 1.0, "rate", "must be in [0, 1)")
        return site.any_input()

    def lower(self, keras: Keras, params: DropoutParams) -> KerasTensor:
        """Return a tensor of the same shape."""
        return keras.layers.Dropout(params.rate)(keras.inputs.x) if params.rate else keras.inputs.x

    def cost(self, sizes: Sizes, params: DropoutParams) -> Cost:
        """Return one product a number, and nothing to learn."""
        return Cost(flops=sizes.rows * sizes.inside, kept=sizes.rows * sizes.inside)
