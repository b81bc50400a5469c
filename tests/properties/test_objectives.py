"""What single objectives promise beside the laws: how many examples, what is put in, and what `at=now` learns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from sess.compiler.block import Kind
from sess.compiler.driver import compile_spec
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.registry import registry
from sess.runtime.layers.bags import pointed
from sess.runtime.train.windows import MASK
from sess.testing.asking import LENGTHS
from sess.testing.laws import subjects_of
from sess.testing.sessions import ITEMS, STEPS, batch
from sess.testing.subject import Subject, asked, build
from sess.testing.trial import reader_of

OBJECTIVES = {entry.name: entry for entry in registry() if isinstance(entry, Objective)}
WRITTEN = {"random": "random(per_session=3)"}


def subject(name: str) -> Subject:
    """Return an objective in its spec; the same one for every test."""
    return subjects_of(WRITTEN.get(name, f"{name}()"), Kind.OBJECTIVE)[0]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_loss_is_a_number_and_what_is_for_training_stays_there(name: str) -> None:
    model = subject(name).model
    total, parts = model.loss(batch(LENGTHS))
    assert np.isfinite(float(total))
    assert all(np.isfinite(float(part)) for part in parts.values())
    own = model.weights_by_name().keys() - model.served_weights().keys()
    assert bool(own) == (name == "replaced")


@pytest.mark.parametrize("head", ["regression(price)", "binary(price)"])
def test_a_number_of_every_step_has_a_loss(head: str) -> None:
    total, _ = subjects_of(head, Kind.HEAD)[0].model.loss(batch(LENGTHS))
    assert np.isfinite(float(total))


@pytest.mark.parametrize("name", ["masked", "permuted", "replaced"])
def test_the_loss_is_a_number_in_half_precision(name: str, half: None) -> None:
    model = build(subject(name).program)
    total, parts = model.loss(batch([0, *LENGTHS]))
    assert all(np.isfinite(float(part)) for part in (total, *parts.values()))


@pytest.fixture
def half() -> Iterator[None]:
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


def test_heads_weigh_as_they_say() -> None:
    total, parts = subjects_of("binary(purchased, weight=0.3)", Kind.HEAD)[0].model.loss(batch(LENGTHS))
    weights = {"click": 1.0, "buy": 1.0, "tried": 0.3}
    assert float(total) == pytest.approx(sum(weights[name] * float(part) for name, part in parts.items()), rel=1e-5)


def test_random_makes_so_many_examples_of_different_steps_of_every_session() -> None:
    found = asked(subject("random").ask(batch(LENGTHS)))
    for session, length in enumerate(LENGTHS):
        places = [place for _, place, of in found if of == session]
        assert len(places) == (3 if length > 1 else 0)
        assert len(set(places)) == min(3, max(0, length - 1))


def test_random_asks_for_every_step_but_the_first() -> None:
    question = batch([5] * 64)
    counts = np.bincount([place for _, place, _ in asked(subject("random").ask(question))], minlength=4)
    assert (counts > 64 * 3 / 4 * 0.6).all()


def test_replaced_puts_whole_steps_of_the_batch_in_and_knows_which_are_real() -> None:
    question = batch([7] * 40)
    ticket = subject("replaced").ask(question)
    given = {name: np.asarray(ticket.steps[name])[40:] for name in ("item_id", "category", "price")}
    columns = {name: np.asarray(question[name]) for name in given}
    mask, hidden = np.asarray(question[MASK]), np.asarray(ticket.hidden)
    steps = set(zip(*(values[mask].tolist() for values in columns.values()), strict=True))
    assert set(zip(*(values[mask].tolist() for values in given.values()), strict=True)) <= steps
    changed = given["item_id"] != columns["item_id"]
    assert changed.any()
    assert not (changed & ~hidden[:40]).any()
    assert not hidden[40:].any()


@pytest.mark.parametrize("weight", [50.0, 1.0, 0.5])
def test_replaced_weighs_its_losses_as_the_paper_and_none_more_than_the_head(weight: float) -> None:
    model, question = subjects_of(f"replaced(weight={weight})", Kind.OBJECTIVE)[0].model, batch(LENGTHS)
    total, parts = model.loss(question)
    of_heads = float(parts["click"]) + float(parts["buy"])
    generator, discriminator = float(parts["generator"]), float(parts["discriminator"])
    own = float(total) - of_heads
    assert own == pytest.approx((generator + weight * discriminator) / max(1.0, weight), rel=1e-4)


def test_the_generator_learns_the_hidden_steps_alone() -> None:
    replaced, question = subject("replaced"), pointed(batch(LENGTHS), subject("replaced").model.wide)
    ticket, model, count = replaced.ask(question), replaced.model, len(LENGTHS)
    assert ticket.losses is not None
    hidden = ticket.hidden[:count]
    asked_of_it = Ticket({name: x[:count] for name, x in ticket.steps.items()}, question[MASK], hidden, hidden, None)
    guesses = model._run(question, asked_of_it, model._asking._parts["generator"], is_training=True)
    scores = np.asarray(model.heads["click"].scores(guesses[hidden]), np.float64)
    wanted = np.asarray(question["item_id"])[np.asarray(hidden)] - 3
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    found, _ = ticket.losses(tf.zeros((2 * count, STEPS, guesses.shape[-1])))["generator"]
    assert float(found) == pytest.approx(-logs[np.arange(len(wanted)), wanted].mean(), rel=1e-4)


def test_the_discriminator_learns_from_real_steps_alone() -> None:
    """Of states that say nothing each real step costs log 2, however much padding stands beside them."""
    replaced = subject("replaced")
    losses = replaced.ask(batch(LENGTHS)).losses
    assert losses is not None
    width = replaced.model.trunk.output[replaced.model.plan.heads[0].state or ""].shape[-1]
    found, _ = losses(tf.zeros((2 * len(LENGTHS), STEPS, width)))["discriminator"]
    assert float(found) == pytest.approx(np.log(2.0), rel=1e-5)


def test_a_permuted_step_sees_what_comes_before_it_in_the_order_alone() -> None:
    permuted = subject("permuted")
    question = pointed(batch([6, 6]), permuted.model.wide)
    order = tf.constant([[0, 2, 0, 1, 0, 0, 0, 0, 0]] * 2)
    ticket = Ticket(question, question[MASK], tf.zeros_like(question[MASK]), order > 0, None, order=order)
    before = permuted.states(question, ticket)

    def changes(place: int) -> set[int]:
        items = np.asarray(question["item_id"]).copy()
        items[0, place] = 3 + (items[0, place] - 3 + 1) % ITEMS
        after = permuted.states(question, Ticket({**question, "item_id": tf.constant(items)}, *list_of(ticket)))
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
def test_an_example_knows_what_its_session_has_and_no_other(name: str) -> None:
    model, question = subject(name).model, batch(LENGTHS, is_clean=False)  # the padding looks like steps
    items = np.asarray(question["item_id"]).copy()
    items[3, ::2] = 2  # what training never saw
    question["item_id"] = tf.constant(items)
    ticket = subject(name).ask(question)
    rows, width = ticket.predict.shape
    across = tf.broadcast_to(tf.range(rows)[:, None, None], (rows, width, 1))  # (B, T, 1): whose row it is
    pools = len(model.trunk.output[model.plan.heads[0].state or ""].shape) == 2
    found, targets, met = model._examples(model.plan.heads[0], across[:, 0] if pools else across, ticket, question)
    assert len(found)
    for row, target, each in zip(np.asarray(found)[:, 0], np.asarray(targets), np.asarray(met), strict=True):
        session = row if ticket.rows is None else int(ticket.rows[row])
        real = items[session, : LENGTHS[session]]
        expected = np.unique(real[real >= 3])
        assert target in expected
        np.testing.assert_array_equal(each[: len(expected)], expected)
        assert (each[len(expected) :] > 3 + ITEMS).all()


BIASED = """\
spec biased
schema "shop.pbtxt"
table   items = embedding(item_id, dim=16)
encoder query = features(item_id) >> gru(units=16)
head    click = query >> categorical(item_id, tied=items, bias=true, loss={loss})
data {{
  train = "train/*.parquet"
  rows  = events(session=session_id, time=timestamp)
}}
train {{ objective = next }}
"""


@pytest.mark.parametrize(("loss", "spares"), [("bce(n=300)", "the session"), ("gbce(n=300)", "the target")])
def test_bce_pushes_no_item_of_the_session_down_and_gbce_all_but_the_target(
    loss: str, spares: str, tmp_path: Path, root: Path
) -> None:
    (tmp_path / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    (tmp_path / "biased.sess").write_text(BIASED.format(loss=loss))
    program = compile_spec(tmp_path / "biased.sess").program
    assert program is not None
    model, question = build(program), batch([1, 6, 0], is_clean=False)  # one session has examples
    bias = model.heads["click"].layer.bias_layer.values.value
    with tf.GradientTape() as tape:
        total, _ = model.loss(question)
    gradient = np.asarray(tf.convert_to_tensor(tape.gradient(total, bias)))
    met = np.unique(np.asarray(question["item_id"])[1, :6]) - 3
    first = np.asarray(question["item_id"])[1, 0] - 3  # it is no target
    others = np.setdiff1d(np.arange(ITEMS), met)
    assert (gradient[others] > 0).all()
    assert (gradient[met] <= 0).all() == (spares == "the session")
    assert (gradient[first] > 0) == (spares == "the target")


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
    ticket, worth = model._ticket(question, is_training=True), program.model.heads[1]
    rows, width = ticket.predict.shape
    across = np.stack(np.meshgrid(np.arange(rows), np.arange(width), indexing="ij"), axis=-1)  # (B, T, 2): where it is
    places, targets, _ = model._examples(worth, tf.constant(across), ticket, question)
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
