"""The laws of objectives, over every one of the registry: what is asked, and that nothing tells the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.driver import compile_spec
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.registry import registry
from sess.runtime.model import MASK, SessionModel
from tests.properties.test_laws import ITEMS, SPEC, STEPS, Batch, Case, batch, build, reader_of

OBJECTIVES = {entry.name: entry for entry in registry() if isinstance(entry, Objective)}
CUTS = [name for name, entry in OBJECTIVES.items() if entry.lookahead]
ASKS = [name for name, entry in OBJECTIVES.items() if entry.appends]
# Where `masked` leaves or swaps an asked step its content is there to be seen: that is what the shares mean.
WRITTEN = {"masked": "masked(replace=[1, 0, 0])", "random": "random(per_session=3)"}
LENGTHS = [2, 3, 5, STEPS, 1, 0, 7, 4]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, SessionModel]:
    made: dict[str, SessionModel] = {}
    for name, entry in OBJECTIVES.items():
        folder = tmp_path_factory.mktemp("objective")
        (folder / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
        case = Case(f"{reader_of(entry)}()", WRITTEN.get(name, name))
        text = SPEC.format(**case._asdict(), tied=", tied=items")
        (folder / "laws.sess").write_text(text)
        program = compile_spec(folder / "laws.sess").program
        assert program is not None, name
        made[name] = build(program)
    return made


def ask(model: SessionModel, question: Batch, seed: int = 0) -> Ticket:
    """Return the ticket that these random numbers give."""
    state = model._asking.generator.state
    state.assign(np.array([seed, 0], state.dtype))
    return model._ticket(question, is_training=True)


def asked(ticket: Ticket) -> list[tuple[int, int, int]]:
    """Return row, place and session of every step that is asked for."""
    rows, places = np.nonzero(np.asarray(ticket.predict))
    sessions = rows if ticket.rows is None else np.asarray(ticket.rows)[rows]
    return list(zip(rows.tolist(), places.tolist(), sessions.tolist(), strict=True))


def states(model: SessionModel, question: Batch, ticket: Ticket) -> NDArray[Any]:
    outputs = model._run(question, ticket, model.trunk, is_training=False)
    return np.asarray(outputs[model.plan.heads[0].state or ""])


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_only_real_steps_are_asked_for_and_never_the_first_of_what_is_cut(
    name: str, seed: int, models: dict[str, SessionModel]
) -> None:
    question = batch(LENGTHS, seed=seed)
    ticket = ask(models[name], question, seed)
    mask, items = np.asarray(question[MASK]), np.asarray(question["item_id"])
    cut = OBJECTIVES[name].lookahead
    assert ticket.labels is not None
    labels = np.asarray(ticket.labels["item_id"])
    found = asked(ticket)
    assert found
    for row, place, session in found:
        assert mask[session, place + cut]
        assert labels[row, place] == items[session, place + cut]
    assert {session for *_, session in found} == {i for i, length in enumerate(LENGTHS) if length > 1}


@pytest.mark.parametrize("name", CUTS)
def test_what_is_read_ends_before_what_is_asked_for(name: str, models: dict[str, SessionModel]) -> None:
    question = batch(LENGTHS)
    ticket = ask(models[name], question)
    items, given, mask = (np.asarray(each) for each in (question["item_id"], ticket.steps["item_id"], ticket.mask))
    for row, place, session in asked(ticket):
        assert mask[row, : place + 1].all()
        assert name == "next" or not mask[row, place + 1 :].any()
        np.testing.assert_array_equal(given[row, : place + 1], items[session, : place + 1])


@pytest.mark.parametrize("name", ASKS)
@pytest.mark.parametrize("seed", range(5))
def test_at_least_one_and_at_most_all_but_one_step_is_asked_for(
    name: str, seed: int, models: dict[str, SessionModel]
) -> None:
    counts = np.asarray(ask(models[name], batch(LENGTHS, seed=seed), seed).predict).sum(axis=1)[: len(LENGTHS)]
    for length, count in zip(LENGTHS, counts, strict=True):
        assert (count == 0) if length < 2 else 1 <= count <= length - 1


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_no_state_knows_the_answer(name: str, seed: int, models: dict[str, SessionModel]) -> None:
    model, question = models[name], batch(LENGTHS, seed=seed)
    ticket = ask(model, question, seed)
    before, cut = states(model, question, ticket), OBJECTIVES[name].lookahead
    for row, place, session in asked(ticket)[:: max(1, len(asked(ticket)) // 8)]:
        items = np.asarray(question["item_id"]).copy()
        items[session, place + cut] = 3 + (items[session, place + cut] - 3 + 1) % ITEMS
        other = {**question, "item_id": tf.constant(items)}
        again = ask(model, other, seed)
        np.testing.assert_allclose(states(model, other, again)[row, place], before[row, place], atol=1e-5)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_serving_asks_once_a_row_behind_all_real_steps(name: str, models: dict[str, SessionModel]) -> None:
    question = batch(LENGTHS)
    ticket = models[name]._ticket(question, is_training=False)
    predict, mask = np.asarray(ticket.predict), np.asarray(ticket.mask)
    assert predict.sum(axis=1).tolist() == [1] * len(LENGTHS)
    last = np.maximum(np.array(LENGTHS) + OBJECTIVES[name].appends, 1) - 1
    assert predict.argmax(axis=1).tolist() == last.tolist()
    assert mask.sum(axis=1).tolist() == [length + OBJECTIVES[name].appends for length in LENGTHS]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_loss_is_a_number_and_what_is_for_training_stays_there(name: str, models: dict[str, SessionModel]) -> None:
    model = models[name]
    total, parts = model.loss(batch(LENGTHS))
    assert np.isfinite(float(total))
    assert all(np.isfinite(float(part)) for part in parts.values())
    own = model.weights_by_name().keys() - model.served_weights().keys()
    assert bool(own) == (name == "replaced")


def test_random_makes_so_many_examples_of_different_steps_of_every_session(models: dict[str, SessionModel]) -> None:
    found = asked(ask(models["random"], batch(LENGTHS)))
    for session, length in enumerate(LENGTHS):
        places = [place for _, place, of in found if of == session]
        assert len(places) == (3 if length > 1 else 0)
        assert len(set(places)) == min(3, max(0, length - 1))


def test_random_asks_for_every_step_but_the_first(models: dict[str, SessionModel]) -> None:
    question = batch([5] * 64)
    counts = np.bincount([place for _, place, _ in asked(ask(models["random"], question))], minlength=4)
    assert (counts > 64 * 3 / 4 * 0.6).all()


def test_replaced_puts_whole_steps_of_the_batch_in_and_knows_which_are_real(models: dict[str, SessionModel]) -> None:
    question = batch([7] * 40)
    ticket = ask(models["replaced"], question)
    given = {name: np.asarray(ticket.steps[name])[40:] for name in ("item_id", "category", "price")}
    columns = {name: np.asarray(question[name]) for name in given}
    mask, hidden = np.asarray(question[MASK]), np.asarray(ticket.hidden)
    steps = set(zip(*(values[mask].tolist() for values in columns.values()), strict=True))
    assert set(zip(*(values[mask].tolist() for values in given.values()), strict=True)) <= steps
    changed = given["item_id"] != columns["item_id"]
    assert changed.any()
    assert not (changed & ~hidden[:40]).any()
    assert not hidden[40:].any()


def test_a_permuted_step_sees_what_comes_before_it_in_the_order_alone(models: dict[str, SessionModel]) -> None:
    model, question = models["permuted"], batch([6, 6])
    order = tf.constant([[0, 2, 0, 1, 0, 0, 0, 0, 0]] * 2)
    ticket = Ticket(question, question[MASK], tf.zeros_like(question[MASK]), order > 0, None, order=order)
    before = states(model, question, ticket)

    def changes(place: int) -> set[int]:
        items = np.asarray(question["item_id"]).copy()
        items[0, place] = 3 + (items[0, place] - 3 + 1) % ITEMS
        after = states(model, question, Ticket({**question, "item_id": tf.constant(items)}, *list_of(ticket)))
        return set(np.flatnonzero(np.abs(after[0] - before[0]).max(axis=1) > 1e-6).tolist()) & {1, 3}

    assert changes(0) == {1, 3}
    assert changes(3) == {1}
    assert changes(1) == set()


def list_of(ticket: Ticket) -> tuple[Any, ...]:
    return (ticket.mask, ticket.hidden, ticket.predict, ticket.labels, None, None, ticket.order)


NOW = """\
spec now
schema "shop.pbtxt"
table   items   = embedding(item_id, dim=16)
encoder query   = features(item_id) >> {pipeline}
head    click   = query >> categorical(item_id, tied=items)
head    worth   = query >> regression(price, at=now, weight=0.5)
data {{
  train = "train/*.parquet"
  rows  = events(session=session_id, time=timestamp)
}}
train {{ objective = {objective} }}
"""


@pytest.mark.parametrize("name", OBJECTIVES)
def test_what_a_step_itself_has_is_learned_and_served_where_the_step_is_read(
    name: str, tmp_path: Path, root: Path
) -> None:
    (tmp_path / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    text = NOW.format(pipeline=f"{reader_of(OBJECTIVES[name])}()", objective=name)
    (tmp_path / "now.sess").write_text(text)
    program = compile_spec(tmp_path / "now.sess").program
    assert program is not None
    model, question = build(program), batch(LENGTHS)
    ticket, worth = ask(model, question), program.model.heads[1]
    rows, width = ticket.predict.shape
    across = np.stack(np.meshgrid(np.arange(rows), np.arange(width), indexing="ij"), axis=-1)  # (B, T, 2): where it is
    places, targets = model._examples(worth, tf.constant(across), ticket, question)
    prices = np.asarray(ticket.steps["price"])
    assert len(places)
    for (row, place), target in zip(np.asarray(places).tolist(), np.asarray(targets).tolist(), strict=True):
        assert bool(ticket.mask[row, place])
        assert target == prices[row, place]
        assert bool(ticket.predict[row, place]) == (OBJECTIVES[name].appends == 0)
    served = model.states(question)
    asked_by = model._ticket(question, is_training=False)
    outputs = np.asarray(model._run(question, asked_by, model.trunk, is_training=False)[worth.state or ""])
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(served["head:worth"][row], outputs[row, max(0, length - 1)], atol=1e-6)
