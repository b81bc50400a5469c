"""`categorical`: which item, of the whole catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Chosen, Cost, Keras, KerasTensor, Kind, OneColumn, Site, Sizes, TowerName
from sess.compiler.prediction import HeadBlock, LoweredHead
from sess.compiler.types import Head, Row, Seq, Tower


@dataclass(frozen=True, slots=True)
class CategoricalParams:
    """`categorical(target, tied=, bias=false, temperature=1, label_smoothing=0, loss=softmax, weight=1)`: scores are
    the state times the items' vectors: those of `tied`, or its own.
    """

    target: OneColumn
    tied: TowerName | None = None
    bias: bool = False
    temperature: float = 1.0
    label_smoothing: float = 0.0
    loss: Annotated[Chosen, Kind.LOSS] = Chosen("softmax")
    weight: float = 1.0


class Categorical(HeadBlock[CategoricalParams]):
    """Labels are codes, never one-hot; only states of real targets are compared with the catalogue."""

    name = "categorical"

    def check(self, site: Site, params: CategoricalParams) -> Head | None:
        """Return a ranking head; a tied table must be as wide as the state."""
        site.require(params.temperature > 0, "temperature", "must be positive")
        site.require(0.0 <= params.label_smoothing < 1.0, "label_smoothing", "must be in [0, 1)")
        site.require(params.weight >= 0, "weight", "must not be negative")
        if params.loss.name != "softmax":
            site.require(params.label_smoothing == 0, "label_smoothing", f"must be 0 with `{params.loss.name}`")
        state = site.any_input()
        if isinstance(state, Tower):
            site.mismatch(f"a head reads what a session is, and this is {state}", "x")
            return None
        tower = site.table(params.tied) if params.tied is not None else None
        if tower and state and tower.width != state.width:
            helps = f"put `project({tower.width})` before the head" if tower.width.known else "make the widths equal"
            message = f"tied widths differ: the state is {state.width} wide and `{params.tied}` is {tower.width}"
            site.mismatch(message, "tied", helps)
        ranks = isinstance(state, (Row, Seq)) or state is None
        return Head(params.target.only, params.target.level, state, is_ranking=True) if ranks else None

    def lower(self, keras: Keras, params: CategoricalParams) -> LoweredHead:
        """Return the loss on packed states and the scores of all real items."""
        items = keras.table(params.tied) if params.tied else keras.session.Table(keras.items, keras.width)
        bias = keras.session.Bias(keras.items.total - keras.items.reserved) if params.bias else None
        layer = keras.session.CategoricalHead(items, bias, keras.items, params.temperature, keras.clicks)
        compare = keras.lower(params.loss, Kind.LOSS)

        def loss(states: KerasTensor, targets: KerasTensor, met: KerasTensor) -> KerasTensor:
            reserved = keras.items.reserved
            scaled = layer.scaled(states)
            return compare(scaled, layer, targets - reserved, params.label_smoothing, met - reserved)

        return LoweredHead(loss, layer, layer)

    def cost(self, sizes: Sizes, params: CategoricalParams) -> Cost:
        """Return the scores of one state; the vectors are the table's where the head is tied."""
        own = Cost() if params.tied else Cost(sizes.vectors * sizes.inside)
        bias = Cost(sizes.items) if params.bias else Cost()
        return own + bias + Cost(flops=sizes.items * sizes.inside * 2)
