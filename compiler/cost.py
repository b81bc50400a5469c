"""What a block costs: the numbers it learns, the work of one session, and what training keeps of it.

Everything is counted for one session (for a Tower: for the whole catalogue) as a formula in `T`, `V(…)` and `auto(…)`.
A multiplication with its addition is two FLOPs, as everywhere in the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sess.compiler.quantity import Quantity
from sess.compiler.types import Row, Seq, Tower, Value
from sess.compiler.words import Kind

NOTHING = Quantity()


@dataclass(frozen=True, slots=True)
class Cost:
    """`parameters` are numbers learned, `flops` those of one forward pass, `kept` numbers held for the backward pass.

    `is_exact` tells that `parameters` is a count; otherwise the block doesn't say, and its kind was asked.
    """

    parameters: Quantity = NOTHING
    flops: Quantity = NOTHING
    kept: Quantity = NOTHING
    is_exact: bool = True

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.parameters + other.parameters, self.flops + other.flops, self.kept + other.kept,
            self.is_exact and other.is_exact,
        )  # fmt: skip

    def times(self, count: int) -> Cost:
        """Return the cost of so many alike."""
        return replace(self, parameters=self.parameters * count, flops=self.flops * count, kept=self.kept * count)

    def at(self, values: Mapping[str, float]) -> Cost:
        """Return the cost with some symbols known."""
        return replace(
            self, parameters=self.parameters.at(values), flops=self.flops.at(values), kept=self.kept.at(values)
        )


@dataclass(frozen=True, slots=True)
class Sizes:
    """What `cost` may know of the place where a block stands.

    `longest` is the most steps the trunk ever sees, `hides` whether the objective hides steps, so that leaves learn a
    mask vector. Of a table or head: `vectors` are all of its domain, `items` the real ones.
    """

    inputs: Mapping[str, tuple[Value, ...]]
    output: Value | None
    longest: int
    hides: bool
    vectors: Quantity = NOTHING
    items: Quantity = NOTHING

    @property
    def rows(self) -> Quantity:
        """How many vectors flow in (or out, of a leaf): the steps of a Seq, 1 of a Row, V of a Tower."""
        first = next((value for port in self.inputs.values() for value in port), self.output)
        return rows_of(first)

    @property
    def inside(self) -> Quantity:
        """The width of all that flows in, together."""
        return sum((Quantity.width(value.width) for port in self.inputs.values() for value in port), Quantity())

    @property
    def outside(self) -> Quantity:
        """The width of what comes out."""
        return Quantity() if self.output is None else Quantity.width(self.output.width)


def rows_of(value: Value | None) -> Quantity:
    """Return how many vectors a value holds, of one session or of one catalogue."""
    match value:
        case Seq():
            return Quantity.symbol(value.steps)
        case Tower():
            return Quantity.symbol(f"V({value.domain})")
        case Row() | None:
            return Quantity.of(1)


def dense(rows: Quantity, inside: Quantity, outside: Quantity, *, has_bias: bool = True) -> Cost:
    """Return the cost of x W + b."""
    weights = inside * outside
    return Cost(weights + outside if has_bias else weights, rows * weights * 2, rows * outside)


def norm(rows: Quantity, width: Quantity, *, has_shift: bool = True) -> Cost:
    """Return the cost of a normalisation with a scale, and a shift."""
    return Cost(width * (2 if has_shift else 1), rows * width * 5, rows * width)


def feed_forward(rows: Quantity, width: Quantity, inner: Quantity) -> Cost:
    """Return the cost of two dense layers, `inner` wide between them."""
    return dense(rows, width, inner) + dense(rows, inner, width)


def attention(steps: Quantity, width: Quantity, heads: int, *, has_output: bool = True, has_bias: bool = False) -> Cost:
    """Return the cost of scaled dot-product attention: every step looks at every step."""
    scores = Cost(flops=steps * steps * width * 4, kept=steps * steps * (2 * heads) + steps * width)
    joined = dense(steps, width, width * 3, has_bias=has_bias)
    return joined + scores + (dense(steps, width, width, has_bias=has_bias) if has_output else Cost())


def positions(steps: Quantity, width: Quantity, longest: int) -> Cost:
    """Return the cost of a learned vector for every place, added to the steps."""
    return Cost(width * longest, steps * width, steps * width)


def transformer_layer(
    steps: Quantity, width: Quantity, heads: int, *, inner: int = 4, has_bias: bool = True
) -> Cost:  # fmt: skip
    """Return the cost of attention and a feed-forward, `inner` times as wide, each with its norm."""
    parts = attention(steps, width, heads, has_bias=has_bias) + feed_forward(steps, width, width * inner)
    return parts + norm(steps, width).times(2)


def normed_transformer(sizes: Sizes, layers: int, heads: int) -> Cost:
    """Return the cost of positions, one norm of steps, and so many layers: BERT's, and GPT-2's."""
    steps, width = sizes.rows, sizes.outside
    stack = transformer_layer(steps, width, heads).times(layers)
    return positions(steps, width, sizes.longest) + norm(steps, width) + stack


def recurrent(
    steps: Quantity, inside: Quantity, units: int, layers: int = 1, *, gates: int, biases: int, kept: int
) -> Cost:  # fmt: skip
    """Return the cost of recurrent layers: so many products of what comes in and of the state, and `biases` of each."""
    width, total = Quantity.of(units), Cost()
    for _ in range(layers):
        weights = (inside + width) * width * gates
        total += Cost(weights + width * (gates * biases), steps * weights * 2, steps * width * kept)
        inside = width
    return total


def one_number(sizes: Sizes) -> Cost:
    """Return the cost of a dense layer to one number, for one state."""
    return dense(Quantity.of(1), sizes.inside, Quantity.of(1))


def relative_layer(steps: Quantity, width: Quantity, heads: int) -> Cost:
    """Return the cost of a layer that attends by content and by distance, of which there are 2 T - 1."""
    far = steps * 2 - 1
    distances = dense(far, width, width, has_bias=False) + Cost(width * 2, steps * far * width * 2)
    return transformer_layer(steps, width, heads, has_bias=False) + distances


def guess(kind: Kind, sizes: Sizes, params: Any) -> Cost:  # the dataclass of any block
    """Return what a block of a kind usually costs, for those that don't say."""
    rows, outside = sizes.rows, sizes.outside
    match kind:
        case Kind.TABLE:
            return Cost(sizes.vectors * outside)
        case Kind.FEATURES:
            hidden = outside if sizes.hides and isinstance(sizes.output, Seq) else Quantity()
            return Cost(hidden, Quantity(), rows * outside)
        case Kind.SHAPE:
            return Cost(Quantity(), rows * sizes.inside, rows_of(sizes.output) * outside)
        case Kind.ENCODER:
            heads, layers = int(getattr(params, "heads", 1)), int(getattr(params, "layers", 1))
            layer = attention(rows, outside, heads) + feed_forward(rows, outside, outside * 4)
            return replace((layer + norm(rows, outside).times(2)).times(layers), is_exact=False)
        case Kind.DENSE if sizes.inside != outside:
            return replace(dense(rows, sizes.inside, outside), is_exact=False)
        case Kind.DENSE:
            return Cost(Quantity(), rows * outside, rows * outside, is_exact=False)
        case _:
            return Cost()
