"""`project`: one linear layer to another width."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.block import Cost, DenseBlock, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense
from sess.compiler.types import Dim, Value


@dataclass(frozen=True, slots=True)
class ProjectParams:
    """`project(dim)`: x W + b, without an activation."""

    dim: int


class Project(DenseBlock[ProjectParams]):
    """What makes widths meet, such as an encoder's and a tied table's."""

    name = "project"

    def check(self, site: Site, params: ProjectParams) -> Value | None:
        """Return what comes in, `dim` wide."""
        site.require(params.dim >= 1, "dim", "must be at least 1")
        x = site.any_input()
        return replace(x, width=Dim(params.dim)) if x else None

    def lower(self, keras: Keras, params: ProjectParams) -> KerasTensor:
        """Return (…, dim)."""
        return keras.layers.Dense(params.dim)(keras.inputs.x)

    def cost(self, sizes: Sizes, params: ProjectParams) -> Cost:
        """Return one dense layer."""
        return dense(sizes.rows, sizes.inside, sizes.outside)
