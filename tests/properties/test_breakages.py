"""Deliberate breakage of a block is caught by the law that it breaks: what the laws would miss, they can't hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import tensorflow as tf

from sess.compiler.block import Block, Encoder, Kind
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.registry import registry
from sess.runtime.border import SESSION_FUNCTIONS
from sess.runtime.layers import candidates
from sess.runtime.layers.noise import SwapNoise
from sess.testing.laws import LAWS, LawBroken, hold, subjects_of
from sess.testing.subject import Subject
from tests.properties.test_laws import SUBJECTS, calls

PADDING, NEIGHBOURS, FUTURE = "padding does not exist", "neighbours do not exist", "the future does not exist"
ANSWER, LABELS, BOUNDS = "no state knows the answer", "labels are what was asked", "random places obey their ticket"
CUT, SERVING, TRAINING = "what is read ends before what is asked", "evaluation is serving", "training stays in training"

ENCODERS = {call: entry for entry in registry() if isinstance(entry, Encoder) for call in calls(entry)}
POOLS = [name for name, subject in SUBJECTS.items() if name.startswith("shape") and subject.case.objective == "last"]
WHOLE = [call for call in ENCODERS if subjects_of(call, Kind.ENCODER)[0].case.objective != "next"]
CAUSAL = [call for call in ENCODERS if call not in WHOLE]


def broken(block: Block[Any], subject: Subject, change: Callable[[Any], None], patch: pytest.MonkeyPatch) -> Subject:
    """Return a subject whose block is lowered on a border that a function has changed."""
    cls: Any = type(block)
    whole = cls.lower

    def lower(self: Any, border: Any, params: Any) -> Any:
        change(border)
        return whole(self, border, params)

    patch.setattr(cls, "lower", lower)
    return Subject(subject.call, subject.case)


def forget_the_mask(border: Any) -> None:
    border.mask = border.ops.logical_or(border.mask, border.ops.logical_not(border.mask))


def look_ahead(border: Any) -> None:
    x = border.inputs.x
    border.inputs = SimpleNamespace(x=x + border.ops.pad(x[:, 1:], [[0, 0], [0, 1], [0, 0]]))


@pytest.mark.slow
@pytest.mark.parametrize("call", WHOLE)
def test_a_dropped_mask_is_caught(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = broken(ENCODERS[call], subjects_of(call, Kind.ENCODER)[0], forget_the_mask, monkeypatch)
    with pytest.raises(LawBroken, match=PADDING):
        hold(PADDING, subject)


@pytest.mark.parametrize("name", POOLS)
def test_padding_in_a_pool_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    block: Any = registry().find(SUBJECTS[name].call.partition("(")[0], Kind.SHAPE)
    if block.name == "first":
        return  # the first step stands before all padding
    subject = broken(block, SUBJECTS[name], forget_the_mask, monkeypatch)
    with pytest.raises(LawBroken, match=PADDING):
        hold(PADDING, subject)


@pytest.mark.slow
@pytest.mark.parametrize("call", CAUSAL)
def test_a_look_ahead_is_caught(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = broken(ENCODERS[call], subjects_of(call, Kind.ENCODER)[0], look_ahead, monkeypatch)
    for law in (FUTURE, ANSWER, SERVING):
        with pytest.raises(LawBroken, match=law):
            hold(law, subject)


def test_swap_noise_left_in_serving_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SwapNoise.call
    monkeypatch.setattr(SwapNoise, "call", lambda self, x, mask, training=None: whole(self, x, mask, training=True))
    known = subjects_of("swap_noise(prob=0.9)", Kind.DENSE)[0]
    for law in (TRAINING, NEIGHBOURS):
        with pytest.raises(LawBroken, match=law):
            hold(law, Subject(known.call, known.case))


def test_a_wrong_sign_of_the_chance_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.runtime.layers import test_losses as losses

    whole = candidates.draw_candidates

    def turned(*given: Any) -> candidates.Candidates:
        drawn = whole(*given)
        return candidates.Candidates(drawn.places, -drawn.log_chance, -drawn.log_chance_of_targets)

    law = losses.test_the_sampled_softmax_learns_the_shares_of_the_items
    law("popularity", 4)
    monkeypatch.setitem(SESSION_FUNCTIONS, "draw_candidates", turned)
    with pytest.raises(AssertionError):
        law("popularity", 4)


class Breakage(NamedTuple):
    """What is done to the ticket of an objective in training, and the law that must not hold any more."""

    objective: str
    broken: Callable[[Ticket], Ticket]
    law: str


def _labels_of_the_step_itself(ticket: Ticket) -> Ticket:
    return replace(ticket, labels={name: ticket.steps[name] for name in ticket.labels or {}})


def _inputs_a_step_late(ticket: Ticket) -> Ticket:
    return replace(ticket, steps={name: tf.roll(x, -1, axis=1) for name, x in ticket.steps.items()})


def _shifted_labels(ticket: Ticket) -> Ticket:
    return replace(ticket, labels={name: tf.roll(x, -1, axis=1) for name, x in (ticket.labels or {}).items()})


def _nothing_is_hidden(ticket: Ticket) -> Ticket:
    return replace(ticket, hidden=tf.zeros_like(ticket.hidden))


def _all_are_asked(ticket: Ticket) -> Ticket:
    return replace(ticket, predict=ticket.mask, hidden=ticket.mask)


def _nothing_is_cut(ticket: Ticket) -> Ticket:
    return replace(ticket, mask=tf.ones_like(ticket.mask))


def _all_in_one_place_of_the_order(ticket: Ticket) -> Ticket:
    assert ticket.order is not None
    return replace(ticket, order=tf.zeros_like(ticket.order))


OBJECTIVES: dict[str, Any] = {entry.name: entry for entry in registry() if isinstance(entry, Objective)}
BREAKAGES = {
    "next asks for the step itself": Breakage("next", _labels_of_the_step_itself, LABELS),
    "next reads a step late": Breakage("next", _inputs_a_step_late, ANSWER),
    "last reads a step late": Breakage("last", _inputs_a_step_late, ANSWER),
    "random doesn't cut": Breakage("random", _nothing_is_cut, CUT),
    "masked hides nothing": Breakage("masked", _nothing_is_hidden, ANSWER),
    "masked asks for all": Breakage("masked", _all_are_asked, BOUNDS),
    "replaced hides nothing": Breakage("replaced", _nothing_is_hidden, ANSWER),
    "permuted orders nothing": Breakage("permuted", _all_in_one_place_of_the_order, ANSWER),
    **{f"{name} shifts its labels": Breakage(name, _shifted_labels, LABELS) for name in OBJECTIVES},
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_objective_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    breakage = BREAKAGES[name]
    block: Any = type(OBJECTIVES[breakage.objective])
    known, whole = subjects_of(f"{breakage.objective}()", Kind.OBJECTIVE)[0], block.lower
    hold(breakage.law, Subject(known.call, known.case))
    monkeypatch.setattr(block, "lower", lambda self, border, params: breakage.broken(whole(self, border, params)))
    with pytest.raises(LawBroken, match=breakage.law):
        hold(breakage.law, Subject(known.call, known.case))


def test_there_is_something_to_break() -> None:
    assert len(WHOLE) >= 10
    assert len(CAUSAL) >= 10
    assert len(POOLS) >= 5
    assert set(LAWS) >= {PADDING, NEIGHBOURS, FUTURE, ANSWER, LABELS, BOUNDS, CUT, SERVING, TRAINING}
