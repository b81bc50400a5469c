"""`next`: predict the next step at every step."""

from __future__ import annotations

from sess.compiler.block import Keras, NoParams, Site
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.types import Direction


class Next(Objective[NoParams]):
    """The inputs are all steps but the last, the labels all but the first."""

    name = "next"
    lookahead = 1
    needs = (Direction.STEPWISE, Direction.CAUSAL)

    def check(self, site: Site, params: NoParams) -> None:
        """There are no arguments."""

    def lower(self, keras: Keras, params: NoParams) -> Ticket:
        """Return the ticket; when serving, the last real step predicts."""
        steps, mask = keras.inputs.steps, keras.mask
        if not keras.is_training:
            return Ticket(steps, mask, keras.ops.zeros_like(mask), keras.session.last_step(mask), None)
        has_next = mask[:, 1:]  # (B, T): right-padded, so a step has a next one where that is real
        labels = {name: steps[name][:, 1:] for name in keras.inputs.targets}
        return Ticket(
            {name: x[:, :-1] for name, x in steps.items()}, has_next, keras.ops.zeros_like(has_next), has_next, labels
        )
