"""A broken ticket of every objective that can be broken so is caught by the law of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import tensorflow as tf

from sess.compiler.block import Kind
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.registry import registry
from sess.testing.laws import LawBroken, hold, subjects_of
from sess.testing.subject import Subject

ANSWER, LABELS, BOUNDS = "no state knows the answer", "labels are what was asked", "random places obey their ticket"
CUT = "what is read ends before what is asked"


class Breakage(NamedTuple):
    """What is done to a ticket in training, the law that must not hold any more, and which objectives can be so."""

    broken: Callable[[Ticket], Ticket]
    law: str
    concerns: Callable[[Objective[Any]], bool] = lambda objective: True


def _shifted_labels(ticket: Ticket) -> Ticket:
    return replace(ticket, labels={name: tf.roll(x, -1, axis=1) for name, x in (ticket.labels or {}).items()})


def _labels_of_another_session(ticket: Ticket) -> Ticket:
    return replace(ticket, labels={name: tf.roll(x, 1, axis=0) for name, x in (ticket.labels or {}).items()})


def _labels_of_the_step_itself(ticket: Ticket) -> Ticket:
    return replace(ticket, labels={name: ticket.steps[name] for name in ticket.labels or {}})


def _padding_is_asked(ticket: Ticket) -> Ticket:
    return replace(ticket, predict=tf.ones_like(ticket.predict))


def _the_target_stays(ticket: Ticket) -> Ticket:
    """The step that is asked for stands at the end of what is read."""
    steps = {name: tf.roll(x, -1, axis=1) for name, x in ticket.steps.items()}
    return replace(ticket, steps=steps)


def _nothing_is_cut(ticket: Ticket) -> Ticket:
    return replace(ticket, mask=tf.ones_like(ticket.mask))


def _one_more_step_is_read(ticket: Ticket) -> Ticket:
    longer = tf.pad(ticket.mask[:, :-1], [[0, 0], [1, 0]], constant_values=True)
    return replace(ticket, mask=tf.logical_or(ticket.mask, longer))


def _nothing_is_hidden(ticket: Ticket) -> Ticket:
    return replace(ticket, hidden=tf.zeros_like(ticket.hidden))


def _all_are_asked(ticket: Ticket) -> Ticket:
    return replace(ticket, predict=ticket.mask, hidden=ticket.mask)


def _none_is_asked(ticket: Ticket) -> Ticket:
    return replace(ticket, predict=tf.zeros_like(ticket.predict), hidden=tf.zeros_like(ticket.hidden))


def _all_in_one_place_of_the_order(ticket: Ticket) -> Ticket:
    assert ticket.order is not None
    return replace(ticket, order=tf.zeros_like(ticket.order))


def _cuts(objective: Objective[Any]) -> bool:
    return objective.lookahead > 0


def _cuts_what_both_sides_may_read(objective: Objective[Any]) -> bool:
    return _cuts(objective) and len(objective.needs) > 2


BREAKAGES = {
    "shifts its labels": Breakage(_shifted_labels, LABELS),
    "asks one session for another's": Breakage(_labels_of_another_session, LABELS),
    "asks for padding": Breakage(_padding_is_asked, LABELS),
    "asks for the step itself": Breakage(_labels_of_the_step_itself, LABELS, _cuts),
    "leaves the target in its place": Breakage(_the_target_stays, ANSWER, _cuts),
    "leaves the target at the end": Breakage(_one_more_step_is_read, CUT, _cuts_what_both_sides_may_read),
    "doesn't cut": Breakage(_nothing_is_cut, CUT, _cuts_what_both_sides_may_read),
    "hides nothing": Breakage(_nothing_is_hidden, ANSWER, lambda objective: objective.hides),
    "asks for all": Breakage(_all_are_asked, BOUNDS, lambda objective: objective.appends > 0),
    "asks for none": Breakage(_none_is_asked, LABELS),
    "orders nothing": Breakage(_all_in_one_place_of_the_order, ANSWER, lambda objective: objective.permutes),
}
OBJECTIVES: dict[str, Any] = {entry.name: entry for entry in registry() if isinstance(entry, Objective)}
TRIED = [
    (name, breakage) for name, each in OBJECTIVES.items() for breakage, one in BREAKAGES.items() if one.concerns(each)
]


@pytest.mark.parametrize(("name", "breakage"), TRIED)
def test_a_broken_objective_is_caught(name: str, breakage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    block: Any = type(OBJECTIVES[name])
    change, law, _ = BREAKAGES[breakage]
    known, whole = subjects_of(f"{name}()", Kind.OBJECTIVE)[0], block.lower
    monkeypatch.setattr(block, "lower", lambda self, border, params: change(whole(self, border, params)))
    with pytest.raises(LawBroken, match=law):
        hold(law, Subject(known.call, known.case, Kind.OBJECTIVE))


def test_every_breakage_has_an_objective_that_it_breaks() -> None:
    assert {breakage for _, breakage in TRIED} == set(BREAKAGES)
