"""`last`: predict the last step from those before it."""

from __future__ import annotations

from sess.compiler.block import Keras, NoParams, Site
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction


class LastStep(Objective[NoParams]):
    """One example a session; the target is cut from the input, so any encoder may read it."""

    name = "last"
    lookahead = 1
    needs = tuple(Direction)

    def check(self, site: Site, params: NoParams) -> None:
        """There are no arguments."""

    def lower(self, keras: Keras, params: NoParams) -> Ticket:
        """Return the ticket; training and serving ask at the last input step."""
        steps, mask = keras.inputs.steps, keras.mask
        if not keras.is_training:
            return Ticket(steps, mask, keras.ops.zeros_like(mask), keras.session.last_step(mask), None)
        has_next = mask[:, 1:]  # (B, T): the real steps before the last one
        predict = keras.ops.logical_and(keras.session.last_step(has_next), has_next)
        labels = {name: steps[name][:, 1:] for name in keras.inputs.targets}
        return Ticket(
            {name: x[:, :-1] for name, x in steps.items()}, has_next, keras.ops.zeros_like(has_next), predict, labels
        )

    def asked(self, params: NoParams, steps: Quantity) -> Quantity:
        """Return one: the last step."""
        return Quantity.of(1)
