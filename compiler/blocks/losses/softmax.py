"""`softmax`: cross-entropy over the whole catalogue, exact."""

from __future__ import annotations

from collections.abc import Callable

from sess.compiler.block import Keras, KerasTensor, NoParams, Site
from sess.compiler.prediction import LossBlock


class Softmax(LossBlock[NoParams]):
    """Computed in chunks of rows, so that the scores of a batch are never all in memory at once."""

    name = "softmax"

    def check(self, site: Site, params: NoParams) -> None:
        """There are no arguments."""

    def lower(self, keras: Keras, params: NoParams) -> Callable[..., KerasTensor]:
        """Return the loss."""

        def loss(
            states: KerasTensor, items: KerasTensor, targets: KerasTensor, smoothing: float, met: KerasTensor
        ) -> KerasTensor:
            vectors = items.vectors(is_training=True)  # (V, D)
            return keras.session.softmax_cross_entropy(states, vectors, items.bias(), targets, smoothing)

        return loss
