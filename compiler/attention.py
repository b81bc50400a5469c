"""What every encoder of stacked attention layers checks: it keeps its input's width."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from sess.compiler.block import Site
from sess.compiler.types import Direction, Seq


class AttentionParams(Protocol):
    """Parameters with the three that attention encoders have in common."""

    @property
    def layers(self) -> int:
        """How many layers."""

    @property
    def heads(self) -> int:
        """How many heads a layer has; they divide the width."""

    @property
    def dropout(self) -> float:
        """The share that is left out in training."""


def check_attention(site: Site, params: AttentionParams, reads: Direction) -> Seq | None:
    """Check the three, and return a Seq as wide as its input that has seen what attention reads."""
    site.require(params.layers >= 1, "layers", "must be at least 1")
    heads = site.require(params.heads >= 1, "heads", "must be at least 1")
    site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
    x = site.input(Seq)
    if x is not None and heads and x.width.known is not None:
        site.require(x.width.known % params.heads == 0, "heads", f"must divide the width {x.width}")
    return replace(x, direction=max(x.direction, reads)) if x is not None else None
