"""Deliberate breakage of an objective or a loss is caught by the laws: each is tried here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import tensorflow as tf

from sess.compiler.prediction import Ticket
from sess.runtime.model import SessionModel
from tests.properties import test_objectives as laws
from tests.properties.test_objectives import OBJECTIVES, models

__all__ = ["models"]  # the fixture


class Breakage(NamedTuple):
    """What is done to the ticket of an objective, and the law that must not hold any more."""

    objective: str
    broken: Callable[[Ticket], Ticket]
    law: Callable[[str, dict[str, SessionModel]], None]


def _labels_of_the_step_itself(ticket: Ticket) -> Ticket:
    return replace(ticket, labels={name: ticket.steps[name] for name in ticket.labels or {}})


def _inputs_a_step_late(ticket: Ticket) -> Ticket:
    return replace(ticket, steps={name: tf.roll(x, -1, axis=1) for name, x in ticket.steps.items()})


def _nothing_is_hidden(ticket: Ticket) -> Ticket:
    return replace(ticket, hidden=tf.zeros_like(ticket.hidden))


def _all_are_asked(ticket: Ticket) -> Ticket:
    return replace(ticket, predict=ticket.mask, hidden=ticket.mask)


def _nothing_is_cut(ticket: Ticket) -> Ticket:
    return replace(ticket, mask=tf.ones_like(ticket.mask))


def _all_in_one_place_of_the_order(ticket: Ticket) -> Ticket:
    assert ticket.order is not None
    return replace(ticket, order=tf.zeros_like(ticket.order))


def _right_labels(name: str, models: dict[str, SessionModel]) -> None:
    laws.test_only_real_steps_are_asked_for_and_never_the_first_of_what_is_cut(name, 0, models)


def _no_answer(name: str, models: dict[str, SessionModel]) -> None:
    laws.test_no_state_knows_the_answer(name, 0, models)


def _bounds(name: str, models: dict[str, SessionModel]) -> None:
    laws.test_at_least_one_and_at_most_all_but_one_step_is_asked_for(name, 0, models)


BREAKAGES = {
    "next asks for the step itself": Breakage("next", _labels_of_the_step_itself, _right_labels),
    "next reads a step late": Breakage("next", _inputs_a_step_late, _no_answer),
    "last reads a step late": Breakage("last", _inputs_a_step_late, _no_answer),
    "random doesn't cut": Breakage("random", _nothing_is_cut, laws.test_what_is_read_ends_before_what_is_asked_for),
    "masked hides nothing": Breakage("masked", _nothing_is_hidden, _no_answer),
    "masked asks for all": Breakage("masked", _all_are_asked, _bounds),
    "replaced hides nothing": Breakage("replaced", _nothing_is_hidden, _no_answer),
    "permuted orders nothing": Breakage("permuted", _all_in_one_place_of_the_order, _no_answer),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_objective_is_caught(
    name: str, models: dict[str, SessionModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    breakage = BREAKAGES[name]
    block: Any = type(OBJECTIVES[breakage.objective])
    whole = block.lower
    monkeypatch.setattr(block, "lower", lambda self, keras, params: breakage.broken(whole(self, keras, params)))
    with pytest.raises(AssertionError):
        breakage.law(breakage.objective, models)
