"""`random`: predict steps drawn at random, each from what came before it; a session makes several examples."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Keras, Site
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction


@dataclass(frozen=True, slots=True)
class RandomParams:
    """`random(per_session=1)`: so many examples of every session, of different steps while there are some."""

    per_session: int = 1


class RandomStep(Objective[RandomParams]):
    """The batch grows; the first step is never asked for, and the input ends before the one that is."""

    name = "random"
    lookahead = 1
    needs = tuple(Direction)

    def check(self, site: Site, params: RandomParams) -> None:
        """Check that a session makes examples."""
        site.require(params.per_session >= 1, "per_session", "must be at least 1")

    def lower(self, keras: Keras, params: RandomParams) -> Ticket:
        """Return the ticket; when serving, the last real step predicts."""
        ops, steps, mask = keras.ops, keras.inputs.steps, keras.mask
        if not keras.is_training:
            return Ticket(steps, mask, ops.zeros_like(mask), keras.session.last_step(mask), None)
        count, across = params.per_session, ops.arange(ops.shape(mask)[1])
        real = ops.sum(ops.cast(mask, "int32"), axis=1)  # (B,)
        chance = keras.random.uniform(ops.shape(mask), seed=keras.generator)
        order = ops.argsort(
            ops.where(ops.logical_and(mask, across > 0), -chance, 1.0), axis=1
        )  # what may be asked first
        drawn = ops.arange(count)[None, :] % ops.maximum(real - 1, 1)[:, None]  # (B, n)
        cut = ops.reshape(ops.take_along_axis(order, drawn, axis=1), (-1,))  # (B n,): the steps that are asked for
        rows = ops.repeat(ops.arange(ops.shape(mask)[0]), count)  # (B n,)
        has_example = ops.take(real > 1, rows)[:, None]
        before = ops.logical_and(across[None, :-1] < cut[:, None], has_example)  # (B n, T - 1)
        grown = {name: ops.take(x, rows, axis=0) for name, x in steps.items()}
        return Ticket(
            {name: x[:, :-1] for name, x in grown.items()},
            before,
            ops.zeros_like(before),
            ops.logical_and(keras.session.last_step(before), before),
            {name: grown[name][:, 1:] for name in keras.inputs.targets},
            rows,
        )

    def asked(self, params: RandomParams, steps: Quantity) -> Quantity:
        """Return the examples of a session."""
        return Quantity.of(params.per_session)
