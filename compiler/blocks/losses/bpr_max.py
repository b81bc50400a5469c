"""`bpr_max`: the target before the strongest of the drawn items (Hidasi & Karatzoglou 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Keras, KerasTensor, Site
from sess.compiler.prediction import LossBlock

_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class BprMaxParams:
    """`bpr_max(n, sampler=uniform|popularity|mixed, regularization=1)`: n items drawn for all rows of a step; `mixed`
    adds the targets of the other rows, as GRU4Rec does.
    """

    n: int
    sampler: Literal["uniform", "popularity", "mixed"] = "uniform"
    regularization: float = 1.0


class BprMax(LossBlock[BprMaxParams]):
    """-log of the mean chance to beat a drawn item, and the squares of their scores, weighted by their softmax."""

    name = "bpr_max"

    def check(self, site: Site, params: BprMaxParams) -> None:
        """Check that something is drawn."""
        site.require(params.n >= 1, "n", "must be at least 1")
        site.require(params.regularization >= 0, "regularization", "must not be negative")

    def lower(self, keras: Keras, params: BprMaxParams) -> Callable[..., KerasTensor]:
        """Return the loss."""
        ops, session = keras.ops, keras.session

        def each(right: KerasTensor, wrong: KerasTensor, is_hit: KerasTensor) -> KerasTensor:
            log_weight = ops.log_softmax(ops.where(is_hit, _NEVER, wrong), axis=1)  # (n, C)
            wins = log_weight + ops.log_sigmoid(right[:, None] - wrong)
            penalty = ops.sum(ops.exp(log_weight) * ops.square(wrong), axis=1)
            losses = params.regularization * penalty - ops.logsumexp(wins, axis=1)
            return ops.where(ops.all(is_hit, axis=1), 0.0, losses)

        def loss(
            states: KerasTensor, items: KerasTensor, targets: KerasTensor, smoothing: float, met: KerasTensor
        ) -> KerasTensor:
            drawn = session.draw_candidates(params.sampler, params.n, items, targets, keras.generator)
            return session.contrast(each, states, items, targets, drawn)

        return loss
