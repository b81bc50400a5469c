"""The laws of objectives: what is asked is real, within its bounds, and nothing that is read tells the answer."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from sess.runtime.layers.bags import pointed
from sess.runtime.train.windows import MASK
from sess.testing.sessions import ITEMS, OF_SESSIONS, RESERVED, STEPS, Batch, batch
from sess.testing.subject import Subject, asked

LENGTHS = [2, 3, 5, STEPS, 1, 0, 7, 4]
SEEDS = range(3)


def labels_are_what_was_asked(subject: Subject) -> None:
    """Only real steps are asked for, none that nothing comes before, in every session of two; labels are theirs."""
    cut = subject.objective.lookahead
    for seed in SEEDS:
        question = batch(LENGTHS, seed=seed)
        ticket = subject.ask(question, seed)
        mask, items = np.asarray(question[MASK]), np.asarray(question["item_id"])
        assert ticket.labels is not None, "there are no labels in training"
        labels, found = np.asarray(ticket.labels["item_id"]), asked(ticket)
        for row, place, session in found:
            assert place + cut < mask.shape[1] and mask[session, place + cut], "a step that isn't there is asked for"
            assert labels[row, place] == items[session, place + cut], "a label is that of another step"
        sessions = {session for *_, session in found}
        assert sessions == {i for i, length in enumerate(LENGTHS) if length > 1}, "other sessions are asked than can be"


def what_is_read_ends_before_what_is_asked(subject: Subject) -> None:
    """Where the target is cut from the input, all that is read comes before it."""
    question = batch(LENGTHS)
    ticket = subject.ask(question)
    items, given, mask = (np.asarray(each) for each in (question["item_id"], ticket.steps["item_id"], ticket.mask))
    for row, place, session in asked(ticket):
        assert mask[row, : place + 1].all(), "what came before is left out"
        assert subject.objective.name == "next" or not mask[row, place + 1 :].any(), "the target is not cut"
        np.testing.assert_array_equal(given[row, : place + 1], items[session, : place + 1])


def random_places_obey_their_ticket(subject: Subject) -> None:
    """At least one and at most all but one real step of every session is hidden, and only what is asked for."""
    for seed in SEEDS:
        question = batch(LENGTHS * 4, seed=seed)
        ticket = subject.ask(question, seed)
        counts = np.asarray(ticket.predict).sum(axis=1)[: len(LENGTHS) * 4]
        for length, count in zip(LENGTHS * 4, counts, strict=True):
            assert (count == 0) if length < 2 else 1 <= count <= length - 1, f"{count} of {length} steps are asked for"
        assert not (np.asarray(ticket.hidden) & ~np.asarray(ticket.predict)).any(), "a step is hidden and not asked for"


def no_state_knows_the_answer(subject: Subject) -> None:
    """The state that a step is predicted from doesn't change with anything of that step, if the ticket hides it."""
    question, cut = batch(LENGTHS), subject.objective.lookahead
    ticket = subject.ask(question)
    hidden = np.asarray(ticket.hidden)
    places = [each for each in asked(ticket) if not subject.objective.hides or hidden[each[:2]]]
    assert places, "no step that is asked for is hidden"
    before = subject.states(question, ticket)
    for row, place, session in places[:: max(1, len(places) // 5)]:
        other = with_another_step(question, session, place + cut, has_time=bool(cut))
        after = subject.states(other, subject.ask(other))
        one, two = (states[row] if states.ndim == 2 else states[row, place] for states in (before, after))
        np.testing.assert_allclose(two, one, atol=1e-5)


def with_another_step(question: Batch, session: int, place: int, *, has_time: bool) -> Batch:
    """Return the batch with other values of one step; of its time too if it may have another.

    The steps around a hidden one may know when it was: what they tell is how long ago the step before them came.
    """
    found = dict(question)
    for name, value in question.items():
        if name not in (*OF_SESSIONS, MASK) and (has_time or name != "timestamp"):
            values = np.asarray(value).copy()
            is_code = values.dtype == np.int32
            now, top = values[session, place], ITEMS if name == "item_id" else 5
            values[session, place] = RESERVED + (now - RESERVED + 1) % top if is_code else now + 1.0
            found[name] = tf.constant(values)
    return found


def serving_asks_once(subject: Subject) -> None:
    """Serving asks for one state a session, behind all of its real steps."""
    question, appends = batch(LENGTHS), subject.objective.appends
    ticket = subject.model._ticket(pointed(question, subject.model.wide), is_training=False)
    predict, mask = np.asarray(ticket.predict), np.asarray(ticket.mask)
    assert predict.sum(axis=1).tolist() == [1] * len(LENGTHS)
    assert predict.argmax(axis=1).tolist() == (np.maximum(np.array(LENGTHS) + appends, 1) - 1).tolist()
    assert mask.sum(axis=1).tolist() == [length + appends for length in LENGTHS]
