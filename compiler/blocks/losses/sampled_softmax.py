"""`sampled_softmax`: cross-entropy over drawn items, corrected by their chance (Bengio & Senécal 2008)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Keras, KerasTensor, Site
from sess.compiler.prediction import LossBlock

_NEVER = -1e9  # finite, so that a row whose every candidate is its target stays a number


@dataclass(frozen=True, slots=True)
class SampledSoftmaxParams:
    """`sampled_softmax(n, sampler=uniform|popularity|in_batch|mixed)`: n drawn items; `in_batch` takes the targets of
    the step instead and `mixed` both (Yang et al. 2020).
    """

    n: int
    sampler: Literal["uniform", "popularity", "in_batch", "mixed"] = "uniform"


class SampledSoftmax(LossBlock[SampledSoftmaxParams]):
    """Scores are taken less the log of the chance to be drawn, and a row's own target is none of its candidates."""

    name = "sampled_softmax"
    estimates_softmax = True

    def check(self, site: Site, params: SampledSoftmaxParams) -> None:
        """Check that something is drawn, and nothing where the batch is what is drawn."""
        if params.sampler == "in_batch":
            message = f"must be 0, not {params.n}, with sampler=in_batch: the batch is what is drawn; mixed draws more"
            site.require(params.n == 0, "n", message)
        else:
            site.require(params.n >= 1, "n", "must be at least 1")

    def lower(self, keras: Keras, params: SampledSoftmaxParams) -> Callable[..., KerasTensor]:
        """Return the loss."""
        ops, session = keras.ops, keras.session

        def each(right: KerasTensor, wrong: KerasTensor, is_hit: KerasTensor) -> KerasTensor:
            scores = ops.concatenate([right[:, None], ops.where(is_hit, _NEVER, wrong)], axis=1)  # (n, 1 + C)
            return ops.logsumexp(scores, axis=1) - right

        def loss(
            states: KerasTensor, items: KerasTensor, targets: KerasTensor, smoothing: float, met: KerasTensor
        ) -> KerasTensor:
            drawn = session.draw_candidates(params.sampler, params.n, items, targets, keras.generator)
            return session.contrast(each, states, items, targets, drawn, corrects=True)

        return loss
