"""`gbce`: binary cross-entropy that knows how few items were drawn (Petrov & Macdonald 2023)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sess.compiler.block import Keras, KerasTensor, Site
from sess.compiler.prediction import LossBlock


@dataclass(frozen=True, slots=True)
class GbceParams:
    """`gbce(n, t=0.75)`: n items a target, each uniform over all others; `t` calibrates: 0 weighs as `bce`, 1 gives
    chances as softmax does.
    """

    n: int
    t: float = 0.75


class Gbce(LossBlock[GbceParams]):
    """The target's chance is raised to β = α (t (1 - 1 / α) + 1 / α), α = n / (V - 1) the share that is drawn.

    As in the paper every item but the target may be drawn, those of the session too, which its α counts on; the
    authors' PyTorch code draws the target, too.
    """

    name = "gbce"

    def check(self, site: Site, params: GbceParams) -> None:
        """Check that something is drawn, and that t is a share."""
        site.require(params.n >= 1, "n", "must be at least 1")
        site.require(0.0 <= params.t <= 1.0, "t", "must be in [0, 1]")

    def lower(self, keras: Keras, params: GbceParams) -> Callable[..., KerasTensor]:
        """Return the loss."""
        ops, session = keras.ops, keras.session

        def loss(
            states: KerasTensor, items: KerasTensor, targets: KerasTensor, smoothing: float, met: KerasTensor
        ) -> KerasTensor:
            alpha = min(1.0, params.n / max(1, items.count - 1))
            beta = alpha * (params.t * (1 - 1 / alpha) + 1 / alpha)
            others = session.draw_others(params.n, items, targets, targets[:, None], keras.generator)  # (N, n)
            right, wrong = items.score(states, targets), items.score(states, others)  # (N,), (N, n)
            total = beta * ops.log_sigmoid(right) + ops.sum(ops.log_sigmoid(-wrong), axis=1)
            return session.mean_of(-total / (params.n + 1))

        return loss
