"""`position`: every step's place in the session, put into its vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Cost, FeatureBlock, Keras, KerasTensor, Port, Site, Sizes
from sess.compiler.types import Seq


@dataclass(frozen=True, slots=True)
class PositionParams:
    """`position(kind=learned|sinusoidal|rotary)`: a learned vector added (Kang and McAuley 2018), sinusoids added
    (Vaswani et al. 2017), or pairs of numbers rotated by an angle that grows with the place (Su et al. 2021).
    """

    kind: Literal["learned", "sinusoidal", "rotary"] = "learned"


class Position(FeatureBlock[PositionParams]):
    """Places count from the first kept step; hidden steps keep theirs. Nothing is read, so a Seq is piped in."""

    name = "position"
    inputs = (Port("x"),)

    def check(self, site: Site, params: PositionParams) -> Seq | None:
        """Return what comes in."""
        x = site.input(Seq)
        if x and params.kind == "rotary" and x.width.known is not None and x.width.known % 2:
            site.mismatch(f"`rotary` turns pairs of numbers, and this is {x}", "x", "make the width even")
        return x

    def lower(self, keras: Keras, params: PositionParams) -> KerasTensor:
        """Return (B, T, D)."""
        if params.kind == "learned":
            return keras.session.Positions(keras.longest)(keras.inputs.x)
        return keras.session.FixedPositions(is_rotary=params.kind == "rotary")(keras.inputs.x)

    def cost(self, sizes: Sizes, params: PositionParams) -> Cost:
        """Return the learned vectors, and a sum."""
        count = sizes.outside * sizes.longest if params.kind == "learned" else sizes.outside * 0
        return Cost(count, sizes.rows * sizes.outside, sizes.rows * sizes.outside)
