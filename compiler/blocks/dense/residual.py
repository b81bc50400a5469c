"""`residual`: what comes in, added to what a pipe makes of it (He et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Cost, DenseBlock, Keras, KerasTensor, Pipe, Site, Sizes
from sess.compiler.types import Value


@dataclass(frozen=True, slots=True)
class ResidualParams:
    """`residual(pipe)`: x + pipe(x), such as `residual(norm >> mlp([64]))`; the pipe keeps the width."""

    pipe: Pipe


class Residual(DenseBlock[ResidualParams]):
    """The stages of the pipe are nodes of the graph, so this only adds."""

    name = "residual"

    def check(self, site: Site, params: ResidualParams) -> Value | None:
        """Return what the pipe gives, which must be shaped as what comes in."""
        x, made = site.any_input(), site.any_input("pipe")
        if x is None or made is None:
            return None
        if type(x) is not type(made):
            site.mismatch(f"the pipe makes {made} of {x}, which can't be added", "pipe")
            return None
        if x.width != made.width:
            site.mismatch(
                f"the pipe makes {made} of {x}, and both are added", "pipe", f"end it in `project({x.width})`"
            )
            return None
        return made

    def lower(self, keras: Keras, params: ResidualParams) -> KerasTensor:
        """Return a tensor of the same shape."""
        return keras.inputs.x + keras.inputs.pipe

    def cost(self, sizes: Sizes, params: ResidualParams) -> Cost:
        """Return a sum."""
        return Cost(flops=sizes.rows * sizes.outside, kept=sizes.rows * sizes.outside)
