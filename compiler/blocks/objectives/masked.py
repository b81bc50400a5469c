"""`masked`: hide steps at random and predict them from both sides (Devlin et al. 2019; Sun et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Keras, Site
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction


@dataclass(frozen=True, slots=True)
class MaskedParams:
    """`masked(prob=0.2, replace=[0.8, 0.1, 0.1], last_mix=0)`: of the steps asked for, the shares that are hidden,
    replaced by a random real step, and left; `last_mix` is the share of sessions that are asked for the last step only.
    """

    prob: float = 0.2
    replace: tuple[float, float, float] = (0.8, 0.1, 0.1)
    last_mix: float = 0.0


class Masked(Objective[MaskedParams]):
    """At least one and at most len - 1 real steps of every session are asked for; serving appends a hidden step."""

    name = "masked"
    appends = 1
    hides = True
    needs = (Direction.WHOLE,)

    def check(self, site: Site, params: MaskedParams) -> None:
        """Check that the shares are shares."""
        site.require(0.0 < params.prob < 1.0, "prob", "must be between 0 and 1")
        site.require(0.0 <= params.last_mix <= 1.0, "last_mix", "must be in [0, 1]")
        shares = all(share >= 0.0 for share in params.replace) and abs(sum(params.replace) - 1.0) < 1e-6
        site.require(shares, "replace", "must hold three shares that sum to 1")

    def lower(self, keras: Keras, params: MaskedParams) -> Ticket:
        """Return the ticket: hidden steps in training, one more step behind the last when serving."""
        return self._training(keras, params) if keras.is_training else self._serving(keras)

    def _training(self, keras: Keras, params: MaskedParams) -> Ticket:
        ops, mask, steps = keras.ops, keras.mask, keras.inputs.steps
        shape = ops.shape(mask)  # (B, T)
        chance = keras.random.uniform(shape, seed=keras.generator)
        asked = ops.logical_and(mask, chance < params.prob)
        # The step with the least chance is always asked for, the one with the most never: 1 … len - 1 of them.
        lowest = keras.session.one_hot(ops.argmin(ops.where(mask, chance, 2.0), axis=1), mask)
        highest = keras.session.one_hot(ops.argmax(ops.where(mask, chance, -1.0), axis=1), mask)
        asked = ops.logical_and(ops.logical_or(asked, lowest), ops.logical_not(highest))
        if params.last_mix:
            takes_last = keras.random.uniform((shape[0], 1), seed=keras.generator) < params.last_mix
            asked = ops.where(takes_last, keras.session.last_step(mask), asked)
        asked = ops.logical_and(asked, ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True) > 1)
        fate = keras.random.uniform(shape, seed=keras.generator)
        hidden = ops.logical_and(asked, fate < params.replace[0])
        swapped = ops.logical_and(
            ops.logical_and(asked, ops.logical_not(hidden)), fate < params.replace[0] + params.replace[1]
        )
        given = steps
        if params.replace[1]:
            given = keras.session.swap_steps(steps, mask, swapped, keras.generator)
        labels = {name: steps[name] for name in keras.inputs.targets}
        return Ticket(given, mask, hidden, asked, labels)

    def _serving(self, keras: Keras) -> Ticket:
        ops = keras.ops
        longer = ops.pad(keras.mask, [[0, 0], [0, 1]])  # (B, T + 1)
        real = ops.cast(ops.sum(ops.cast(keras.mask, "int32"), axis=1), "int32")  # (B,)
        appended = keras.session.one_hot(real, longer)
        steps = {name: ops.pad(x, [[0, 0], [0, 1]]) for name, x in keras.inputs.steps.items()}
        return Ticket(steps, ops.logical_or(longer, appended), appended, appended, None)

    def asked(self, params: MaskedParams, steps: Quantity) -> Quantity:
        """Return the share that is hidden, as far as chance keeps to it, and the one that always is."""
        return steps * params.prob + 1
