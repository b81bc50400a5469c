"""The laws of the language, over every block that they concern: a new encoder is covered by being in the registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Direction, Encoder, Kind
from sess.compiler.codec import decode, encode
from sess.compiler.driver import compile_spec
from sess.compiler.plans import Program
from sess.compiler.prediction import Objective
from sess.compiler.registry import registry
from sess.compiler.signature import Missing, parameters
from sess.runtime.model import MASK, SessionModel
from sess.runtime.vocabulary import VocabularySize

SPEC = """\
spec laws
schema "shop.pbtxt"
columns clicks  = tag(SEQUENCE)
columns context = tag(CONTEXT)
table   items   = embedding(item_id, dim=16)
let     steps   = concat(features(clicks), {leaf}broadcast(features(context), to=clicks)) >> mlp([16])
encoder query   = steps >> {pipeline}
head    click   = query >> categorical(item_id{tied}, loss={loss})
head    buy     = query >> {pool}mlp([4]) >> binary(purchased)
data {{
  train = "train/*.parquet"
  rows  = events(session=session_id, time=timestamp)
  keep  = last(12)
}}
train {{ objective = {objective} }}
"""
GIVEN = {  # what a block can't do without
    "n": "8", "units": "16", "widths": "[16]", "dim": "16", "rate": "0.3", "layers": "2", "prob": "0.3",
    "pipe": "norm >> mlp([16])",
}  # fmt: skip
LEAVES = {  # steps made of columns, one way to write each
    "features": "features(clicks)",
    "embed": "embed(item_id + category)",
    "numeric": "numeric(price + hour)",
    "time_gap": "time_gap(buckets=8)",
    "cyclic": "cyclic(hour, period=24)",
    "soft_one_hot": "soft_one_hot(price + hour, buckets=4, dim=3)",
    "at": "at(items >> mlp([8]), item_id)",
    "position": "embed(item_id) >> position(kind=rotary)",
    "concat": "concat(embed(item_id), numeric(price))",
    "broadcast": "broadcast(embed(device), to=clicks)",
    "add": "add(numeric(price), numeric(hour))",
    "multiply": "multiply(numeric(price), numeric(hour))",
    "gate": "gate(embed(item_id), numeric(price) >> project(16))",
    "latent_cross": "latent_cross(embed(item_id), features(context) >> project(16))",
}
ITEMS, STEPS = 30, 9

Batch = dict[str, Any]  # tensors by name


class Case(NamedTuple):
    """What a spec of these tests varies."""

    pipeline: str
    objective: str
    loss: str = "softmax"
    leaf: str = ""
    pool: str = "last >> "


def call(name: str, kind: Kind, **extra: str) -> str:
    """Return a block with what it needs, as it is written in a spec."""
    entry = registry().find(name, kind)
    assert entry is not None
    needed = [each.name for each in parameters(entry.Params) if each.default is Missing.REQUIRED]
    words = {**{each: GIVEN[each] for each in needed}, **extra}
    return f"{name}({', '.join(f'{key}={value}' for key, value in words.items())})"


def pipelines() -> dict[str, Case]:
    """Return a case for every encoder, dense block, feature and loss of the registry, by a readable name."""
    found: dict[str, Case] = {}
    for entry in registry():
        if isinstance(entry, Encoder):
            has_choice = any(each.name == "attention" for each in parameters(entry.Params))
            if has_choice:
                found[f"{entry.name} causal"] = Case(call(entry.name, Kind.ENCODER, attention="causal"), "next")
                both = call(entry.name, Kind.ENCODER, attention="bidirectional")
                found[f"{entry.name} bidirectional"] = Case(both, "masked")
                continue
            is_causal = entry.direction is not Direction.WHOLE
            objective = "last" if entry.pools else "next" if is_causal else "masked"
            found[entry.name] = Case(call(entry.name, Kind.ENCODER), objective, pool="" if entry.pools else "last >> ")
        elif entry.kind is Kind.DENSE:
            found[entry.name] = Case(call(entry.name, Kind.DENSE), "next")
        elif entry.kind is Kind.LOSS:
            found[entry.name] = Case("sasrec()", "next", loss=call(entry.name, Kind.LOSS))
        elif entry.name in LEAVES:
            leaf = f"{LEAVES[entry.name]}, "
            found[f"leaf {entry.name}"] = Case("sasrec()", "next", leaf=leaf)
            if entry.kind is Kind.FEATURES or entry.name == "at":
                found[f"hidden leaf {entry.name}"] = Case("xlnet()", "masked", leaf=leaf)
        elif entry.kind is Kind.SHAPE:
            leaf = f"broadcast(features(clicks) >> {entry.name}, to=clicks), "
            found[f"pool {entry.name}"] = Case("sasrec()", "last", leaf=leaf)
        elif isinstance(entry, Objective):
            found[f"under {entry.name}"] = Case(f"{reader_of(entry)}()", entry.name)
    return found


def reader_of(objective: Objective[Any]) -> str:
    """Return an encoder that an objective allows."""
    if objective.encoders:
        return objective.encoders[0]
    return "sasrec" if Direction.CAUSAL in objective.needs else "bert"


PIPELINES = pipelines()
CAUSAL = [name for name, case in PIPELINES.items() if case.objective == "next"]

Make = Callable[[str], SessionModel]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Callable[[str], Program]:
    """Return the program of a pipeline by its name."""

    def of(name: str) -> Program:
        folder = tmp_path_factory.mktemp("laws")
        (folder / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
        text = SPEC.format(**PIPELINES[name]._asdict(), tied=", tied=items")
        (folder / "laws.sess").write_text(text)
        checked = compile_spec(folder / "laws.sess")
        assert checked.program is not None, [each.message for each in checked.diagnostics]
        return checked.program

    return of


@pytest.fixture(scope="module")
def model(program: Callable[[str], Program]) -> Make:
    """Return the model of a pipeline, with its drawn weights."""
    known: dict[str, SessionModel] = {}

    def of(name: str) -> SessionModel:
        if name not in known:
            known[name] = build(program(name))
        return known[name]

    return of


def build(program: Program) -> SessionModel:
    """Return a model of small vocabularies."""
    sizes = {
        domain.name: VocabularySize(3, 3 + (ITEMS if domain.is_item else 5)) for domain in program.workflow.domains
    }
    return SessionModel(program.model, program.workflow.columns, sizes)


def batch(lengths: list[int], *, width: int = STEPS, seed: int = 0, is_clean: bool = True) -> Batch:
    """Return a batch of sessions of these lengths, padded on the right to a width: with zeros, or with real steps."""
    draw = np.random.default_rng(seed)
    mask = np.arange(width) < np.array(lengths)[:, None]
    count = len(lengths)

    def steps(values: NDArray[Any]) -> Any:
        padded = np.tile(values, (1, 2))[:, :width]
        return tf.constant(padded * mask if is_clean else padded)

    return {
        MASK: tf.constant(mask),
        "item_id": steps(draw.integers(3, 3 + ITEMS, (count, STEPS)).astype(np.int32)),
        "category": steps(draw.integers(3, 8, (count, STEPS)).astype(np.int32)),
        "price": steps(draw.normal(size=(count, STEPS)).astype(np.float32)),
        "hour": steps(draw.normal(size=(count, STEPS)).astype(np.float32)),
        "hour.raw": steps(draw.integers(0, 24, (count, STEPS)).astype(np.float32)),
        "timestamp": steps(1.7e9 + np.cumsum(np.exp(draw.normal(3, 3, (count, STEPS))), axis=1)),
        "device": tf.constant(draw.integers(3, 8, count).astype(np.int32)),
        "country": tf.constant(draw.integers(3, 8, count).astype(np.int32)),
        "purchased": tf.constant(draw.integers(0, 2, count).astype(np.float32)),
    }


def answers(model: SessionModel, question: Batch) -> dict[str, NDArray[Any]]:
    """Return states and scores, as serving computes them."""
    states = model.states(question)
    scores = {name: model.scores(name, states[f"head:{name}"]) for name in model.heads}
    return {name: np.asarray(value) for name, value in {**states, **scores}.items()}


def test_no_feature_is_left_out() -> None:
    assert set(registry().names(Kind.FEATURES)) - set(LEAVES) == set()


@pytest.mark.parametrize("name", PIPELINES)
def test_padding_does_not_exist(name: str, model: Make) -> None:
    lengths = [1, 3, STEPS, 5]
    expected = answers(model(name), batch(lengths))
    padded = answers(model(name), batch(lengths, width=STEPS + 2, is_clean=False))
    for key, values in expected.items():
        np.testing.assert_allclose(padded[key], values, atol=1e-5, err_msg=key)


@pytest.mark.parametrize("name", PIPELINES)
def test_a_session_does_not_depend_on_its_neighbours(name: str, model: Make) -> None:
    together = batch([4, STEPS, 0])
    alone = {key: value[:1, :4] if value.shape.rank == 2 else value[:1] for key, value in together.items()}
    expected, found = answers(model(name), alone), answers(model(name), together)
    for key, values in expected.items():
        np.testing.assert_allclose(found[key][:1], values, atol=1e-5, err_msg=key)


@pytest.mark.parametrize("name", PIPELINES)
def test_an_empty_session_gives_numbers(name: str, model: Make) -> None:
    for key, values in answers(model(name), batch([0, 2])).items():
        assert np.isfinite(values).all(), key


@pytest.mark.parametrize("name", PIPELINES)
def test_what_is_for_training_is_not_in_serving(name: str, model: Make) -> None:
    first, second = answers(model(name), batch([3, 7])), answers(model(name), batch([3, 7]))
    for key, values in first.items():
        np.testing.assert_array_equal(second[key], values, err_msg=key)


@pytest.mark.parametrize("name", CAUSAL)
def test_the_future_does_not_exist(name: str, model: Make) -> None:
    trunk, node = model(name).trunk, model(name).plan.encoders[0].node
    past, other = batch([STEPS, STEPS]), batch([STEPS, STEPS], seed=1)
    now = 4
    future = {
        key: tf.concat([value[:, :now], other[key][:, now:]], axis=1) if value.shape.rank == 2 else value
        for key, value in past.items()
    }

    def states(question: Batch) -> NDArray[Any]:
        fed = {key: question[key] for key in model(name).plan.inputs}
        hidden = tf.zeros_like(question[MASK])
        return np.asarray(trunk({**fed, MASK: question[MASK], "hidden": hidden}, training=False)[node])

    one, two = states(past), states(future)
    np.testing.assert_allclose(two[:, :now], one[:, :now], atol=1e-5)
    assert np.abs(two[:, now:] - one[:, now:]).max() > 1e-3


@pytest.mark.parametrize("name", PIPELINES)
def test_every_weight_that_can_learn_does(name: str, model: Make) -> None:
    built = model(name)
    with tf.GradientTape() as tape:
        total, _ = built.loss(batch([3, 7, STEPS, 2, 5, 6, 8, 4] * 4))
    gradients = tape.gradient(total, built.trainable_weights)
    idle = [
        weight.path
        for weight, gradient in zip(built.trainable_weights, gradients, strict=True)
        if gradient is None or not np.isfinite(np.asarray(tf.convert_to_tensor(gradient))).all()
    ]
    assert idle == []


@pytest.mark.parametrize("name", PIPELINES)
def test_a_plan_decides_its_weights_and_they_survive_a_file(
    name: str, model: Make, program: Callable[[str], Program], tmp_path: Path
) -> None:
    model(name).save_weights(tmp_path / "one.npz")
    again = build(program(name))
    again.save_weights(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    for weight in again.weights_by_name().values():
        weight.assign(np.zeros(weight.shape, np.float32))
    again.load_weights(tmp_path / "one.npz")
    for key, values in answers(model(name), batch([2, 6])).items():
        np.testing.assert_array_equal(answers(again, batch([2, 6]))[key], values, err_msg=key)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_checked_type_is_the_shape_of_the_tensor(name: str, model: Make, program: Callable[[str], Program]) -> None:
    plan = program(name).model
    node = next(each for each in plan.nodes if each.id == plan.encoders[0].node)
    tensor = model(name).trunk.output[node.id]
    assert node.type == (f"Row[{tensor.shape[-1]}]" if len(tensor.shape) == 2 else f"Seq[T, {tensor.shape[-1]}]")
    assert decode(Program, encode(program(name))) == program(name)


@pytest.mark.parametrize("seed", range(5))
def test_masked_asks_for_at_least_one_and_at_most_all_but_one_real_step(seed: int, model: Make) -> None:
    lengths = [2, 3, 5, STEPS, 1, 0] * 20
    question = batch(lengths, seed=seed)
    ticket = model("xlnet bidirectional")._ticket(question, is_training=True)
    mask, asked, hidden = (np.asarray(each) for each in (question[MASK], ticket.predict, ticket.hidden))
    counts = asked.sum(axis=1)
    for length, count in zip(lengths, counts, strict=True):
        assert (count == 0) if length < 2 else 1 <= count <= length - 1
    assert not (asked & ~mask).any()
    assert not (hidden & ~asked).any()
    real = set(np.asarray(question["item_id"])[mask].tolist())
    assert set(np.asarray(ticket.steps["item_id"])[mask].tolist()) <= real
    assert ticket.labels is not None
    np.testing.assert_array_equal(np.asarray(ticket.labels["item_id"])[asked], np.asarray(question["item_id"])[asked])
