"""An encoder that is broken on purpose breaks its law: what the law tests would miss, they can't hold."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sess.compiler.block import Encoder, Kind
from sess.compiler.plans import Program
from sess.compiler.registry import registry
from sess.runtime.border import Border
from tests.properties import test_laws as laws

Break = Callable[[Any, Any], Any]

ENCODERS = {entry.name: entry for entry in registry() if isinstance(entry, Encoder)}
BROKEN = {name: case for name, case in laws.PIPELINES.items() if name.split()[0] in ENCODERS}
WHOLE = [name for name, case in BROKEN.items() if case.objective == "masked"]
POOLS = [name for name, case in BROKEN.items() if ENCODERS[name.split()[0]].pools]
CAUSAL = [name for name, case in BROKEN.items() if case.objective == "next"]

program = laws.program


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, program: Callable[[str], Program]) -> Callable[[str, Break], Any]:
    """Return a model whose encoder is lowered on a border that a function has changed."""

    def of(name: str, change: Break) -> Any:
        encoder: Any = registry().find(name.split()[0], Kind.ENCODER)
        lower = type(encoder).lower

        def changed(self: Any, border: Border, params: Any) -> Any:
            change(border, params)
            return lower(self, border, params)

        monkeypatch.setattr(type(encoder), "lower", changed)
        return laws.build(program(name))

    return of


def forget_the_mask(border: Any, params: Any) -> None:
    border.mask = border.ops.logical_or(border.mask, border.ops.logical_not(border.mask))


def look_ahead(border: Any, params: Any) -> None:
    x = border.inputs.x
    border.inputs = SimpleNamespace(x=x + border.ops.pad(x[:, 1:], [[0, 0], [0, 1], [0, 0]]))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WHOLE, *POOLS])
def test_a_forgotten_mask_breaks_the_law_of_padding(name: str, broken: Callable[[str, Break], Any]) -> None:
    model = broken(name, forget_the_mask)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        laws.test_padding_does_not_exist(name, lambda _: model)


@pytest.mark.slow
@pytest.mark.parametrize("name", CAUSAL)
def test_a_look_ahead_breaks_the_law_of_the_future(name: str, broken: Callable[[str, Break], Any]) -> None:
    model = broken(name, look_ahead)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        laws.test_the_future_does_not_exist(name, lambda _: model)


def test_there_are_encoders_of_both_kinds_to_break() -> None:
    assert len(WHOLE) >= 10
    assert len(CAUSAL) >= 10
