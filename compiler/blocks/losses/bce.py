"""`bce`: the target is true, n drawn items are not (Kang & McAuley 2018, section III-F)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sess.compiler.block import Keras, KerasTensor, Site
from sess.compiler.prediction import LossBlock


@dataclass(frozen=True, slots=True)
class BceParams:
    """`bce(n)`: n items a target, each uniform over all others."""

    n: int


class Bce(LossBlock[BceParams]):
    """Binary cross-entropy, the mean over the target and its drawn items."""

    name = "bce"

    def check(self, site: Site, params: BceParams) -> None:
        """Check that something is drawn."""
        site.require(params.n >= 1, "n", "must be at least 1")

    def lower(self, keras: Keras, params: BceParams) -> Callable[..., KerasTensor]:
        """Return the loss."""
        ops, session = keras.ops, keras.session

        def loss(states: KerasTensor, items: KerasTensor, targets: KerasTensor, smoothing: float) -> KerasTensor:
            others = session.draw_others(params.n, items, targets, keras.generator)  # (N, n)
            right, wrong = items.score(states, targets), items.score(states, others)  # (N,), (N, n)
            total = ops.log_sigmoid(right) + ops.sum(ops.log_sigmoid(-wrong), axis=1)
            return session.mean_of(-total / (params.n + 1))

        return loss
