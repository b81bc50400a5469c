"""`regression`: how much something will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Cost, Keras, KerasTensor, OneColumn, Site, Sizes
from sess.compiler.cost import one_number
from sess.compiler.prediction import HeadBlock, LoweredHead
from sess.compiler.types import Head, Tower


@dataclass(frozen=True, slots=True)
class RegressionParams:
    """`regression(target, weight=1, at=next|now)`: a number on its own scale; `at` matters for a step column."""

    target: OneColumn
    weight: float = 1.0
    at: Literal["next", "now"] = "next"


class Regression(HeadBlock[RegressionParams]):
    """A linear layer on the state; the loss is the squared error."""

    name = "regression"

    def check(self, site: Site, params: RegressionParams) -> Head | None:
        """Return a head that gives one number a session."""
        site.require(params.weight >= 0, "weight", "must not be negative")
        state = site.any_input()
        if isinstance(state, Tower):
            site.mismatch(f"a head reads what a session is, and this is {state}", "x")
            return None
        return Head(params.target.only, params.target.level, state, is_ranking=False)

    def lower(self, keras: Keras, params: RegressionParams) -> LoweredHead:
        """Return the squared error of packed states, and the number."""
        ops, layer = keras.ops, keras.layers.Dense(1)

        def scores(states: KerasTensor) -> KerasTensor:
            return ops.cast(layer(states)[:, 0], "float32")  # (N, D) -> (N, 1) -> (N,)

        def loss(states: KerasTensor, targets: KerasTensor, met: KerasTensor) -> KerasTensor:
            return keras.session.mean_of(ops.square(scores(states) - ops.cast(targets, "float32")))

        layer.build((None, keras.width))
        return LoweredHead(loss, scores, layer)

    def cost(self, sizes: Sizes, params: RegressionParams) -> Cost:
        """Return one dense layer to one number, for one state."""
        return one_number(sizes)
