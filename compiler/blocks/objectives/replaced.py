"""`replaced`: a small generator puts plausible steps in, and the encoder finds them (ELECTRA, Clark et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler.block import Keras, KerasTensor, Site
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.types import Direction

_POOL = 4096  # the steps of a batch that may be put in: enough to choose from, whatever the batch


@dataclass(frozen=True, slots=True)
class ReplacedParams:
    """`replaced(prob=0.15, weight=50, generator=0.25)`: the share of steps that are replaced, the weight of finding
    them against the generator's loss (λ of the paper), and the width of the generator as a share of the encoder's.
    """

    prob: float = 0.15
    weight: float = 50.0
    generator: float = 0.25


class Replaced(Objective[ReplacedParams]):
    """Every session is read twice: with steps hidden, which the heads learn to fill as serving asks, and with those
    steps replaced, where each step of the encoder tells whether it is real. Whole steps of other sessions are put in,
    drawn by what the generator makes of their items.

    The paper has no head beside its two losses, L of the generator + λ L of the discriminator; here the encoder ranks,
    too. So the larger of the two weighs 1, as a head does, and the other 1 / λ: at 50 times the weight of the head it
    would drown what is served. Transformers4Rec, whose one model ranks and discriminates, searched 1 to 50 and took 1
    on every data set (de Souza Pereira Moreira et al. 2021, appendix C).
    """

    name = "replaced"
    appends = 1
    hides = True
    ranks = True
    needs = (Direction.WHOLE,)

    def check(self, site: Site, params: ReplacedParams) -> None:
        """Check that the shares are shares."""
        site.require(0.0 < params.prob < 1.0, "prob", "must be between 0 and 1")
        site.require(params.weight >= 0, "weight", "must not be negative")
        site.require(0.0 < params.generator <= 1.0, "generator", "must be in (0, 1]")

    def parts(self, keras: Keras, params: ReplacedParams) -> Mapping[str, KerasTensor]:
        """Return the generator, from columns to states as wide as the encoder's, and the discriminator on those.

        As in the authors' code both end in a dense layer with GELU, the generator's in a norm too; it has two layers of
        one head, and no dropout.
        """
        width = keras.inputs.state.shape[-1]

        def transform(x: KerasTensor) -> KerasTensor:
            return keras.layers.Dense(width, activation="gelu", kernel_initializer=keras.session.small())(x)

        x = keras.layers.Dense(max(1, round(params.generator * width)))(keras.inputs.stem)
        x = keras.layers.LayerNormalization(epsilon=1e-12)(keras.session.Positions(keras.longest)(x))
        for _ in range(2):
            x = keras.session.TransformerLayer(1, is_causal=False)(x, keras.mask)
        guess = keras.layers.LayerNormalization(epsilon=1e-12)(transform(x))
        state = keras.keras.Input((None, width))
        return {
            "generator": keras.keras.Model(keras.inputs.columns, guess),
            "discriminator": keras.keras.Model(state, keras.layers.Dense(1)(transform(state))),
        }

    def lower(self, keras: Keras, params: ReplacedParams) -> Ticket:
        """Return the ticket: sessions with hidden steps, then the same with replaced ones; serving asks as `masked`."""
        if not keras.is_training:
            served: Ticket = keras.session.append_hidden(keras.inputs.steps, keras.mask)
            return served
        ops, steps, mask, target = keras.ops, keras.inputs.steps, keras.mask, keras.inputs.targets[0]
        asked = keras.session.ask_some(mask, params.prob, keras.generator)  # (B, T)
        guesses = keras.run(keras.parts["generator"], steps, mask, asked)  # (B, T, D)
        given = self._replaced(keras, steps, asked, guesses)
        is_replaced = ops.not_equal(given[target], steps[target])  # a step that was guessed right is real
        nothing = ops.zeros_like(asked)

        def losses(states: KerasTensor) -> Mapping[str, tuple[KerasTensor, float]]:
            told = ops.cast(keras.parts["discriminator"](states[ops.shape(mask)[0] :])[..., 0], "float32")  # (B, T)
            each = ops.binary_crossentropy(ops.cast(is_replaced, told.dtype), told, from_logits=True)
            real = ops.cast(mask, each.dtype)
            found = ops.sum(each * real) / ops.maximum(ops.sum(real), 1.0)
            return {
                "generator": (keras.session.fill(guesses, steps[target], asked, keras.head), 1 / max(1, params.weight)),
                "discriminator": (found, min(1, params.weight)),
            }

        rows = ops.arange(ops.shape(mask)[0])
        twice = {name: ops.concatenate([x, given[name]]) for name, x in steps.items()}
        return Ticket(
            twice,
            ops.concatenate([mask, mask]),
            ops.concatenate([asked, nothing]),
            ops.concatenate([asked, nothing]),
            {name: twice[name] for name in keras.inputs.targets},
            ops.concatenate([rows, rows]),
            losses,
        )

    def _replaced(
        self, keras: Keras, steps: Mapping[str, KerasTensor], asked: KerasTensor, guesses: KerasTensor
    ) -> Mapping[str, KerasTensor]:
        """Return the columns with steps of the batch put in, each drawn by the generator's softmax over them."""
        given: Mapping[str, KerasTensor] = keras.session.put_in(
            steps, keras.mask, asked, keras.ops.stop_gradient(guesses), keras.inputs.targets[0], keras.head,
            keras.generator, _POOL,
        )  # fmt: skip
        return given
