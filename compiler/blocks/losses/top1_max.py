"""`top1_max`: drawn items below the target and near 0, the strongest first (Hidasi & Karatzoglou 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Keras, KerasTensor, Site
from sess.compiler.prediction import LossBlock

_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Top1MaxParams:
    """`top1_max(n, sampler=uniform|popularity|mixed)`: n items drawn for all rows of a step; `mixed` adds the targets
    of the other rows, as GRU4Rec does.
    """

    n: int
    sampler: Literal["uniform", "popularity", "mixed"] = "uniform"


class Top1Max(LossBlock[Top1MaxParams]):
    """The chance to be beaten by a drawn item, and that of its squared score, weighted by the softmax of the drawn."""

    name = "top1_max"

    def check(self, site: Site, params: Top1MaxParams) -> None:
        """Check that something is drawn."""
        site.require(params.n >= 1, "n", "must be at least 1")

    def lower(self, keras: Keras, params: Top1MaxParams) -> Callable[..., KerasTensor]:
        """Return the loss."""
        ops, session = keras.ops, keras.session

        def each(right: KerasTensor, wrong: KerasTensor, is_hit: KerasTensor) -> KerasTensor:
            weight = ops.softmax(ops.where(is_hit, _NEVER, wrong), axis=1)  # (n, C)
            beaten = ops.sigmoid(wrong - right[:, None]) + ops.sigmoid(ops.square(wrong))
            return ops.where(ops.all(is_hit, axis=1), 0.0, ops.sum(weight * beaten, axis=1))

        def loss(
            states: KerasTensor, items: KerasTensor, targets: KerasTensor, smoothing: float, met: KerasTensor
        ) -> KerasTensor:
            drawn = session.draw_candidates(params.sampler, params.n, items, targets, keras.generator)
            return session.contrast(each, states, items, targets, drawn)

        return loss
