"""The laws of losses and heads: what came is raised and never punished, and draws stand for the whole catalogue."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Chosen, Kind
from sess.compiler.codec import decode
from sess.compiler.prediction import LossBlock
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.layers.table import Bias, CategoricalHead, Table
from sess.runtime.vocabulary import VocabularySize
from sess.testing.sessions import ITEMS, RESERVED, clicked
from sess.testing.subject import Subject

ALL = 50 * ITEMS  # draws after which every item was drawn, by whatever sampler
ROUNDS, ROWS, SEED = 150, 16, 5
EVEN = np.full(ITEMS, 7)
WHOLE = np.random.default_rng(SEED).permutation(ITEMS).astype(np.int32)  # every item is the target of one row


def a_loss_raises_its_target(subject: Subject) -> None:
    """The loss falls as the target's score rises, however high it is, and as those of all others fall."""
    loss = _loss_of(subject, n=ALL)
    own = tf.one_hot(WHOLE, ITEMS)
    for height in (0.0, 3.0):
        gradient = np.asarray(_gradient(loss, own * height, tf.constant(WHOLE), _catalogue(EVEN)))
        of_targets, of_others = gradient[np.arange(ITEMS), WHOLE], gradient[np.asarray(own) == 0.0]
        assert of_targets.max() < 1e-6, f"a target {height:g} above all others is pushed down, as if it were drawn"
        if not height:
            assert of_targets.max() < -1e-6, "a target is not raised"
            assert of_others.min() > -1e-6, "an item that is no target is raised"


def with_all_items_drawn_the_loss_is_the_whole_softmax(subject: Subject) -> None:
    """With every item drawn once it is the cross-entropy over the catalogue: own targets out, nothing to correct."""
    scores = np.random.default_rng(SEED).normal(size=(ITEMS, ITEMS))
    states, wanted = tf.constant(scores, tf.float32), tf.constant(WHOLE)
    found = float(_loss_of(subject, n=ALL)(states, _catalogue(EVEN), wanted, 0.0, wanted[:, None]))
    right = scores[np.arange(ITEMS), WHOLE]
    np.testing.assert_allclose(found, np.mean(np.log(np.exp(scores).sum(axis=1)) - right), atol=1e-4)


def a_bias_is_that_of_its_item(subject: Subject) -> None:
    """What the loss says of an item's scores it says of the item's bias, summed over the rows."""
    items = _catalogue(EVEN, has_bias=True)
    assert items.bias_layer is not None
    scores = tf.constant(np.random.default_rng(SEED).normal(size=(ITEMS, ITEMS)), tf.float32)
    loss, watched = _loss_of(subject, n=ALL), items.bias_layer.values.value
    with tf.GradientTape() as tape:
        tape.watch(scores)
        found = loss(scores, items, tf.constant(WHOLE), 0.0, tf.constant(WHOLE)[:, None])
    of_scores, of_bias = tape.gradient(found, [scores, watched])
    np.testing.assert_allclose(tf.convert_to_tensor(of_bias), tf.reduce_sum(of_scores, axis=0), atol=1e-5)


def chances_to_be_drawn_are_taken_off(subject: Subject) -> None:
    """Scores that grow too slowly with how often an item comes are pushed apart, and those that grow too fast together.

    The log of an item's share is what the whole softmax learns of targets that come by their shares. With log Q added,
    or left out, what is drawn often would be pushed down long before.
    """
    share = clicked() / clicked().sum()
    logs = np.log(share) - np.log(share).mean()
    loss, items = _loss_of(subject), _catalogue(clicked())
    targets = np.random.default_rng(SEED).choice(ITEMS, (ROUNDS, ROWS), p=share)

    @tf.function  # type: ignore[untyped-decorator] # TensorFlow is untyped
    def pull(scores: Any, wanted: Any) -> Any:
        return tf.reduce_sum(_gradient(loss, scores, wanted, items) * logs.astype(np.float32))

    for slope, sign in ((0.75, -1.0), (1.3, 1.0)):
        scores = tf.constant(np.tile(slope * np.log(share), (ROWS, 1)), tf.float32)
        mean = np.mean([float(pull(scores, tf.constant(each, tf.int32))) for each in targets])
        assert sign * mean > 0.0, f"scores of {slope:g} times the log of the shares are pushed the wrong way"


def a_head_learns_what_came(subject: Subject) -> None:
    """A step down the loss brings a state's score nearer to its own target than to any other's."""
    draw, rows = np.random.default_rng(SEED), 4 * ROWS
    for plan in subject.model.plan.heads:
        head, width = subject.model.heads[plan.name], subject.model.trunk.output[plan.state or ""].shape[-1]
        states = tf.constant(draw.normal(size=(rows, width)), tf.float32)
        count = 0 if plan.target_domain is None else head.scores(states).shape[1]
        values = draw.integers(RESERVED, RESERVED + count, rows) if count else draw.integers(0, 2, rows)
        targets = tf.constant(values, tf.int32 if count else tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(states)
            loss = head.loss(states, targets, targets[:, None])
        before = np.asarray(head.scores(states), np.float64)
        change = np.asarray(head.scores(states - 0.1 * tape.gradient(loss, states)), np.float64) - before
        if not count:
            assert (change * (values - before) > 0.0).all(), f"a score of `{plan.name}` leaves its target"
            continue
        places = (values - RESERVED)[:, None] + np.arange(count)
        each = np.take_along_axis(change, places % count, axis=1)  # (B, N): of the target, the one behind, …
        gains = each.mean(axis=0)
        assert gains.argmax() == 0 and gains[0] > 0.0, f"`{plan.name}` raises another item than its target"
        # With few items drawn a target may fall beside what its state shares with one that is pushed down.
        assert (each[:, 0] > 0.0).mean() > 0.6, f"`{plan.name}` leaves the targets of many states where they are"


def estimates(subject: Subject) -> bool:
    """Whether the loss says that it stands for the whole softmax."""
    return isinstance(subject.entry, LossBlock) and subject.entry.estimates_softmax


def _loss_of(subject: Subject, **given: int) -> Any:
    """Return the loss as it is written, with other arguments where it draws by them: `n` of 0 draws no item itself."""
    chosen = decode(Chosen, subject.program.model.heads[0].block.params["loss"])
    params = {**chosen.params, **{name: value for name, value in given.items() if chosen.params.get(name)}}
    border = Border(Surroundings(Layers(), {}, {}, {}, {}, None, None, 0, SEED), "click", {})
    border.generator = keras.random.SeedGenerator(SEED)
    return lower(replace(chosen, params=params), Kind.LOSS, border)


def _catalogue(clicks: NDArray[Any], *, has_bias: bool = False) -> CategoricalHead:
    """Return items whose vectors are those of a basis, so that a state has their scores, less a bias."""
    size = VocabularySize(RESERVED, RESERVED + ITEMS)
    items = Table(size, ITEMS)
    items.vectors.assign(np.eye(size.total, ITEMS, -RESERVED))
    return CategoricalHead(items, Bias(ITEMS) if has_bias else None, size, 1.0, clicks)


def _gradient(loss: Any, scores: Any, targets: Any, items: CategoricalHead) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(scores)
        found = loss(scores, items, targets, 0.0, targets[:, None])
    return tape.gradient(found, scores)
