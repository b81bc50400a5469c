"""`permuted`: predict steps in a drawn order, each from all that came before it in that order (Yang et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.block import Keras, Site
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.types import Direction


@dataclass(frozen=True, slots=True)
class PermutedParams:
    """`permuted(prob=0.17)`: the share of steps that are predicted, 1 / K of the paper with its K = 6."""

    prob: float = 0.17


class Permuted(Objective[PermutedParams]):
    """At least one and at most len - 1 real steps stand last in the order, one behind the other; the others are given
    together. Only `xlnet` can read an order: its queries know a place but not its step. Serving asks for one more step.
    """

    name = "permuted"
    appends = 1
    permutes = True
    encoders = ("xlnet",)
    needs = (Direction.WHOLE,)

    def check(self, site: Site, params: PermutedParams) -> None:
        """Check that the share is one."""
        site.require(0.0 < params.prob < 1.0, "prob", "must be between 0 and 1")

    def lower(self, keras: Keras, params: PermutedParams) -> Ticket:
        """Return the ticket; nothing is hidden, the order says who may look where."""
        ops, steps, mask = keras.ops, keras.inputs.steps, keras.mask
        if not keras.is_training:
            ticket: Ticket = keras.session.append_hidden(steps, mask)
            return replace(ticket, hidden=ops.zeros_like(ticket.mask), order=ops.cast(ticket.predict, "int32"))
        asked = keras.session.ask_some(mask, params.prob, keras.generator)  # (B, T)
        chance = keras.random.uniform(ops.shape(mask), seed=keras.generator)
        place = ops.argsort(ops.argsort(ops.where(asked, chance, 2.0), axis=1), axis=1)  # asked steps: 0, 1, 2 …
        order = ops.where(asked, ops.cast(place, "int32") + 1, 0)
        labels = {name: steps[name] for name in keras.inputs.targets}
        return Ticket(steps, mask, ops.zeros_like(mask), asked, labels, order=order)
