"""`swap_noise`: steps that become those of other sessions at random, only in training (Jahrer 2017)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Cost, DenseBlock, Keras, KerasTensor, Site, Sizes
from sess.compiler.types import Tower, Value


@dataclass(frozen=True, slots=True)
class SwapNoiseParams:
    """`swap_noise(prob)`: the share of steps (of Rows: of sessions) that are swapped in training."""

    prob: float


class SwapNoise(DenseBlock[SwapNoiseParams]):
    """The whole vector becomes that of a real step of another session of the batch, so that it stays plausible."""

    name = "swap_noise"

    def check(self, site: Site, params: SwapNoiseParams) -> Value | None:
        """Return what comes in; items have no sessions to be swapped between."""
        site.require(0.0 <= params.prob < 1.0, "prob", "must be in [0, 1)")
        x = site.any_input()
        if isinstance(x, Tower):
            site.mismatch(f"noise is swapped between sessions, and this is {x}", "x")
            return None
        return x

    def lower(self, keras: Keras, params: SwapNoiseParams) -> KerasTensor:
        """Return a tensor of the same shape."""
        x = keras.inputs.x
        return keras.session.SwapNoise(params.prob)(x, keras.mask) if params.prob else x

    def cost(self, sizes: Sizes, params: SwapNoiseParams) -> Cost:
        """Return nothing: serving has none of it."""
        return Cost()
