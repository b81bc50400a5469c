"""`binary`: the chance that something is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Cost, Keras, KerasTensor, OneColumn, Site, Sizes
from sess.compiler.cost import one_number
from sess.compiler.prediction import HeadBlock, LoweredHead
from sess.compiler.types import Head, Tower


@dataclass(frozen=True, slots=True)
class BinaryParams:
    """`binary(target, weight=1, at=next|now)`: a chance between 0 and 1; `at` matters for a step column."""

    target: OneColumn
    weight: float = 1.0
    at: Literal["next", "now"] = "next"


class Binary(HeadBlock[BinaryParams]):
    """Logistic regression on the state."""

    name = "binary"

    def check(self, site: Site, params: BinaryParams) -> Head | None:
        """Return a head that gives one number a session."""
        site.require(params.weight >= 0, "weight", "must not be negative")
        state = site.any_input()
        if isinstance(state, Tower):
            site.mismatch(f"a head reads what a session is, and this is {state}", "x")
            return None
        return Head(params.target.only, params.target.level, state, is_ranking=False)

    def lower(self, keras: Keras, params: BinaryParams) -> LoweredHead:
        """Return the binary cross-entropy of packed states, and the chance."""
        ops, layer = keras.ops, keras.layers.Dense(1)

        def logits(states: KerasTensor) -> KerasTensor:
            return ops.cast(layer(states)[:, 0], "float32")  # (N, D) -> (N, 1) -> (N,)

        def loss(states: KerasTensor, targets: KerasTensor, met: KerasTensor) -> KerasTensor:
            each = ops.binary_crossentropy(ops.cast(targets, "float32"), logits(states), from_logits=True)  # (N,)
            return keras.session.mean_of(each)

        def scores(states: KerasTensor) -> KerasTensor:
            return ops.sigmoid(logits(states))

        layer.build((None, keras.width))
        return LoweredHead(loss, scores, layer)

    def cost(self, sizes: Sizes, params: BinaryParams) -> Cost:
        """Return one dense layer to one number, for one state."""
        return one_number(sizes)
