"""Each loss is the equation of its paper in plain numpy, and the sampled softmax learns what the whole one learns."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Chosen, JsonValue, Kind
from sess.compiler.defaults import complete
from sess.compiler.registry import registry
from sess.compiler.signature import parameters
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.layers import contrast
from sess.runtime.layers.candidates import draw_candidates, draw_others, each_once
from sess.runtime.layers.table import Bias, CategoricalHead, Table
from sess.runtime.vocabulary import VocabularySize

RESERVED, V, D, N, SEED = 3, 12, 4, 9, 7
CLICKS = np.arange(1, V + 1) ** 2
Floats = NDArray[np.float64]


@pytest.fixture
def head() -> CategoricalHead:
    keras.utils.set_random_seed(1)
    size = VocabularySize(RESERVED, RESERVED + V)
    items, bias = Table(size, D, init=1.0), Bias(V)
    bias.values.assign(np.linspace(-1, 1, V))
    return CategoricalHead(items, bias, size, 1.0, CLICKS)


@pytest.fixture
def states() -> Any:
    return tf.constant(np.random.default_rng(2).normal(size=(N, D)), tf.float32)


TARGETS = np.array([0, 3, 3, 5, 11, 7, 0, 2, 9])
SESSIONS = (  # what each of the targets' has: itself alone, some twice, all but one, all
    [0], [3, 1, 3, 8], [8, 3, 1, 1], [10, 5], [*range(10), 11], [7, 6, 5, 4], [*range(V)], [2, 2], [9, 0],
)  # fmt: skip
MET = each_once(
    tf.constant([[*session, *[4] * (V - len(session))] for session in SESSIONS]),  # padded with a real item
    tf.sequence_mask([len(session) for session in SESSIONS], V),
)


def loss_of(name: str, **given: JsonValue) -> Any:
    """Return a loss of the registry, lowered with all its arguments."""
    entry = registry().find(name, Kind.LOSS)
    assert entry is not None
    params = {each.name: complete(each.default, each.hint, registry()) for each in parameters(entry.Params)} | given
    border = Border(Surroundings(Layers(), {}, {}, {}, {}, None, None, 0, SEED), "click", {})
    border.generator = keras.random.SeedGenerator(SEED)
    return lower(Chosen(name, params), Kind.LOSS, border)


def scores_of(head: CategoricalHead, states: Any) -> Floats:
    return np.asarray(head(states), np.float64)


def sigmoid(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-x))


def softmax_loss(scores: Floats, targets: NDArray[Any]) -> float:
    right = scores[np.arange(len(targets)), targets]
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - right))


def others(row: int) -> NDArray[np.bool_]:
    return np.arange(V) != TARGETS[row]


@pytest.mark.parametrize("at_once", [1 << 22, 2 * V, 1])
@pytest.mark.parametrize("sampler", ["uniform", "mixed"])
def test_with_every_item_drawn_the_sampled_softmax_is_the_whole_one(
    sampler: str, at_once: int, head: CategoricalHead, states: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contrast, "SCORES_AT_ONCE", at_once)
    found = loss_of("sampled_softmax", n=V, sampler=sampler)(states, head, tf.constant(TARGETS), 0.0, MET)
    assert float(found) == pytest.approx(softmax_loss(scores_of(head, states), TARGETS), abs=1e-5)


def test_with_every_item_in_the_batch_the_in_batch_softmax_is_the_whole_one(head: CategoricalHead) -> None:
    even = CategoricalHead(head.table, head.bias_layer, head.table.items, 1.0, np.full(V, 5))
    states = tf.constant(np.random.default_rng(3).normal(size=(V, D)), tf.float32)
    targets = np.random.default_rng(4).permutation(V)
    found = loss_of("sampled_softmax", n=0, sampler="in_batch")(
        states, even, tf.constant(targets), 0.0, tf.constant(targets)[:, None]
    )
    assert float(found) == pytest.approx(softmax_loss(scores_of(even, states), targets), abs=1e-5)


@pytest.mark.parametrize(("sampler", "n"), [("uniform", 5), ("popularity", 6), ("in_batch", 0), ("mixed", 4)])
def test_the_sampled_softmax_takes_the_chances_off_and_its_own_target_out(
    sampler: str, n: int, head: CategoricalHead, states: Any
) -> None:
    found = loss_of("sampled_softmax", n=n, sampler=sampler)(states, head, tf.constant(TARGETS), 0.0, MET)
    drawn = draw_candidates(sampler, n, head, tf.constant(TARGETS), keras.random.SeedGenerator(SEED))
    places = np.asarray(drawn.places)
    assert len(set(places.tolist())) == len(places)
    share = CLICKS / CLICKS.sum()
    missed = {
        "uniform": np.full(V, 1 - n / V),
        "popularity": (1 - share) ** n,
        "in_batch": (1 - share) ** N,
        "mixed": (1 - share) ** N * (1 - n / V),
    }[sampler]
    corrected = scores_of(head, states) - np.log(1 - missed)
    expected = []
    for row, target in enumerate(TARGETS):
        wrong = [place for place in places if place != target]
        right = corrected[row, target]
        expected.append(np.log(np.exp(right) + np.exp(corrected[row, wrong]).sum()) - right)
    assert float(found) == pytest.approx(np.mean(expected), abs=1e-5)


@pytest.mark.parametrize(("sampler", "n"), [("uniform", 4), ("popularity", 4), ("in_batch", 0), ("mixed", 3)])
def test_the_sampled_softmax_learns_the_shares_of_the_items(sampler: str, n: int) -> None:
    """With a wrong sign of log Q, or without it, popular items would come out far too strong or too weak."""
    keras.utils.set_random_seed(1)
    size = VocabularySize(RESERVED, RESERVED + V)
    items, bias = Table(size, 1, init=1e-6), Bias(V)
    head = CategoricalHead(items, bias, size, 1.0, CLICKS)
    share = CLICKS / CLICKS.sum()
    loss, draw = loss_of("sampled_softmax", n=n, sampler=sampler), np.random.default_rng(5)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(0.05, 1500, 0.001))

    @tf.function
    def step(targets: Any) -> None:
        with tf.GradientTape() as tape:
            found = loss(tf.zeros((16, 1)), head, targets, 0.0, targets[:, None])
        optimizer.apply(tape.gradient(found, [bias.values.value]), [bias.values])

    for _ in range(1500):
        step(tf.constant(draw.choice(V, 16, p=share), tf.int32))
    learned = np.asarray(bias.values, np.float64)
    slope = np.polyfit(np.log(share[2:]), learned[2:], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.2)


def test_bce_is_its_equation(head: CategoricalHead, states: Any) -> None:
    found = loss_of("bce", n=5)(states, head, tf.constant(TARGETS), 0.0, MET)
    pairs = zip(SESSIONS, TARGETS, strict=True)
    allowed = [set(range(V)) - set(session) or set(range(V)) - {target} for session, target in pairs]
    assert float(found) == pytest.approx(binary(head, states, allowed, n=5, beta=1.0), abs=1e-5)


@pytest.mark.parametrize("t", [0.0, 0.75, 1.0])
def test_gbce_is_its_equation(t: float, head: CategoricalHead, states: Any) -> None:
    n, alpha = 5, 5 / (V - 1)
    beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
    found = loss_of("gbce", n=n, t=t)(states, head, tf.constant(TARGETS), 0.0, MET)
    allowed = [set(range(V)) - {target} for target in TARGETS]
    assert float(found) == pytest.approx(binary(head, states, allowed, n=n, beta=beta), abs=1e-5)
    assert beta == pytest.approx({0.0: 1.0, 1.0: alpha}.get(t, beta))


def binary(head: CategoricalHead, states: Any, allowed: list[set[int]], *, n: int, beta: float) -> float:
    """Return -1 / (n + 1) (β log σ(s+) + Σ log(1 - σ(s-))) of Petrov & Macdonald 2023, s- of allowed items."""
    chance = np.asarray(keras.random.uniform((N, n), seed=keras.random.SeedGenerator(SEED)))
    scores, losses = scores_of(head, states), []
    for row, target in enumerate(TARGETS):
        places = [sorted(allowed[row])[int(share * len(allowed[row]))] for share in chance[row]]
        wrong = np.log(1 - sigmoid(scores[row, places])).sum()
        losses.append(-(beta * np.log(sigmoid(scores[row, target])) + wrong) / (n + 1))
    return float(np.mean(losses))


@pytest.mark.parametrize("at_most", ["the target", "the session"])
def test_what_is_drawn_is_every_item_but_those_met_and_all_alike(at_most: str, head: CategoricalHead) -> None:
    targets, draws = tf.constant(TARGETS), 6000
    met = targets[:, None] if at_most == "the target" else MET
    drawn = np.asarray(draw_others(draws, head, targets, met, keras.random.SeedGenerator(SEED)))
    for row, target in enumerate(TARGETS):
        left = set(range(V)) - ({target} if at_most == "the target" else set(SESSIONS[row]))
        left = left or set(range(V)) - {target}
        counts = np.bincount(drawn[row], minlength=V)
        assert set(np.flatnonzero(counts).tolist()) == left
        assert np.abs(counts[sorted(left)] / (draws / len(left)) - 1).max() < 0.25  # 5 sigma of 1 in 11


def test_bpr_max_is_its_equation(head: CategoricalHead, states: Any) -> None:
    found = loss_of("bpr_max", n=V, regularization=0.5)(states, head, tf.constant(TARGETS), 0.0, MET)
    scores, losses = scores_of(head, states), []
    for row, target in enumerate(TARGETS):
        wrong, right = scores[row, others(row)], scores[row, target]
        weight = np.exp(wrong) / np.exp(wrong).sum()
        beats = -np.log((weight * sigmoid(right - wrong)).sum())
        losses.append(beats + 0.5 * (weight * wrong**2).sum())
    assert float(found) == pytest.approx(np.mean(losses), abs=1e-4)


def test_top1_max_is_its_equation(head: CategoricalHead, states: Any) -> None:
    found = loss_of("top1_max", n=V)(states, head, tf.constant(TARGETS), 0.0, MET)
    scores, losses = scores_of(head, states), []
    for row, target in enumerate(TARGETS):
        wrong, right = scores[row, others(row)], scores[row, target]
        weight = np.exp(wrong) / np.exp(wrong).sum()
        losses.append((weight * (sigmoid(wrong - right) + sigmoid(wrong**2))).sum())
    assert float(found) == pytest.approx(np.mean(losses), abs=1e-5)


LOSSES = [each.name for each in registry() if each.kind is Kind.LOSS]


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_without_targets_costs_nothing(name: str, head: CategoricalHead) -> None:
    given: dict[str, JsonValue] = {} if name == "softmax" else {"n": 4}
    nothing = tf.zeros((0, D)), head, tf.zeros((0,), tf.int32), 0.0, tf.zeros((0, 3), tf.int32)
    assert float(loss_of(name, **given)(*nothing)) == 0.0


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_the_loss(name: str, head: CategoricalHead, states: Any) -> None:
    given: dict[str, JsonValue] = {} if name == "softmax" else {"n": 4}
    weight = head.table.vectors

    def value() -> float:
        return float(loss_of(name, **given)(states, head, tf.constant(TARGETS), 0.0, MET))

    with tf.GradientTape() as tape:
        found = loss_of(name, **given)(states, head, tf.constant(TARGETS), 0.0, MET)
    gradient = np.asarray(tf.convert_to_tensor(tape.gradient(found, weight.value)))
    before, change = np.asarray(weight), np.zeros(weight.shape, np.float32)
    change[RESERVED + 3, 1] = 1e-2
    weight.assign(before + change)
    above = value()
    weight.assign(before - change)
    below = value()
    assert (above - below) / 2e-2 == pytest.approx(gradient[RESERVED + 3, 1], abs=2e-3)
