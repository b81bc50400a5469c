"""What an encoder says that it learns is what its layers hold: every encoder of the registry."""

from __future__ import annotations

import math

import pytest

from sess.compiler.block import Encoder, Kind
from sess.compiler.codec import decode
from sess.compiler.cost import Sizes
from sess.compiler.registry import registry
from sess.compiler.signature import Missing, parameters
from sess.compiler.types import Dim, Direction, Row, Seq
from tests.runtime.encoders.bench import LONGEST, WIDTH, Bench, TimedBench

NAMES = [entry.name for entry in registry() if isinstance(entry, Encoder)]


@pytest.mark.parametrize("name", NAMES)
def test_the_cost_counts_what_the_layers_hold(name: str) -> None:
    encoder = registry().find(name, Kind.ENCODER)
    assert isinstance(encoder, Encoder)
    wanted = parameters(encoder.Params)
    params: dict[str, object] = {each.name: WIDTH for each in wanted if each.default is Missing.REQUIRED}
    is_timed = any(each.name == "time" for each in wanted)
    bench = (TimedBench if is_timed else Bench)(name, **params)
    output = Row(Dim(WIDTH)) if encoder.pools else Seq(Dim(WIDTH), Direction.CAUSAL)
    sizes = Sizes({"x": (Seq(Dim(WIDTH)),)}, output, LONGEST, hides=False)
    defaults = {each.name: each.default for each in wanted if each.default is not Missing.REQUIRED}
    cost = encoder.cost(sizes, decode(encoder.Params, {**defaults, **params}))  # type: ignore[dict-item] # JSON values
    assert cost.is_exact
    assert cost.parameters.known == sum(math.prod(weight.shape) for weight in bench.weights.values())
