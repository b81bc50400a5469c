"""`bce`: the target is true, n drawn items are not (Kang & McAuley 2018, section III-F)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sess.compiler.block import Keras, KerasTensor, Site
from sess.compiler.prediction import LossBlock


@dataclass(frozen=True, slots=True)
class BceParams:
    """`bce(n)`: n items a target, each uniform over those that the session doesn't have."""

    n: int


class Bce(LossBlock[BceParams]):
    """Binary cross-entropy, the mean over the target and its drawn items.

    As in the paper and the authors' code no item of the session is drawn, whether before the target or behind it; here
    that is the window of `keep`, there all of the user's. The paper has n = 1, and the sum in place of the mean.
    """

    name = "bce"

    def check(self, site: Site, params: BceParams) -> None:
        """Check that something is drawn."""
        site.require(params.n >= 1, "n", "must be at least 1")

    def lower(self, keras: Keras, params: BceParams) -> Callable[..., KerasTensor]:
        """Return the loss."""
        ops, session = keras.ops, keras.session

        def loss(
            states: KerasTensor, items: KerasTensor, targets: KerasTensor, smoothing: float, met: KerasTensor
        ) -> KerasTensor:
            others = session.draw_others(params.n, items, targets, met, keras.generator)  # (N, n)
            right, wrong = items.score(states, targets), items.score(states, others)  # (N,), (N, n)
            total = ops.log_sigmoid(right) + ops.sum(ops.log_sigmoid(-wrong), axis=1)
            return session.mean_of(-total / (params.n + 1))

        return loss
