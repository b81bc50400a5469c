"""`masked`: hide steps at random and predict them from both sides (Devlin et al. 2019; Sun et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Keras, Site
from sess.compiler.prediction import Objective, Ticket
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
        if keras.is_training:
            return self._training(keras, params)
        served: Ticket = keras.session.append_hidden(keras.inputs.steps, keras.mask)
        return served

    def _training(self, keras: Keras, params: MaskedParams) -> Ticket:
        ops, mask, steps = keras.ops, keras.mask, keras.inputs.steps
        asked = keras.session.ask_some(mask, params.prob, keras.generator)  # (B, T)
        if params.last_mix:
            takes_last = keras.random.uniform((ops.shape(mask)[0], 1), seed=keras.generator) < params.last_mix
            has_answer = ops.any(asked, axis=1, keepdims=True)
            asked = ops.where(takes_last, ops.logical_and(keras.session.last_step(mask), has_answer), asked)
        fate = keras.random.uniform(ops.shape(mask), seed=keras.generator)
        hidden = ops.logical_and(asked, fate < params.replace[0])
        swapped = ops.logical_and(
            ops.logical_and(asked, ops.logical_not(hidden)), fate < params.replace[0] + params.replace[1]
        )
        given = steps
        if params.replace[1]:
            given = keras.session.swap_steps(steps, mask, swapped, keras.generator)
        labels = {name: steps[name] for name in keras.inputs.targets}
        return Ticket(given, mask, hidden, asked, labels)
