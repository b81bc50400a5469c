"""Deliberate breakage of every block that it concerns is caught by a law: what the laws would miss, they can't hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from sess.compiler.block import Encoder, Kind
from sess.compiler.prediction import LoweredBaseline, LoweredHead
from sess.runtime.border import SESSION_FUNCTIONS
from sess.runtime.evaluate import examples, scorer
from sess.runtime.layers import attention, candidates, contrast
from sess.runtime.layers.noise import SwapNoise
from sess.runtime.layers.table import CategoricalHead
from sess.testing.laws import LAWS, LawBroken, hold, subjects_of
from sess.testing.sessions import STEPS, batch
from sess.testing.subject import Subject
from tests.properties.test_laws import SUBJECTS

PADDING, NEIGHBOURS, FUTURE = "padding does not exist", "neighbours do not exist", "the future does not exist"
LEARNED, ANSWER = "padding is never learned", "no state knows the answer"
TRAINING, LISTED, VECTOR = "training stays in training", "what is seen is not listed", "an item has one vector"
RAISES, WHOLE, CHANCES = (
    "a loss raises its target", "all items drawn are the whole softmax", "chances to be drawn are taken off",
)  # fmt: skip
CAME, BIAS = "a head learns what came", "a bias is that of its item"

OF_GRAPHS = (Kind.ENCODER, Kind.DENSE, Kind.SHAPE, Kind.FEATURES)
Lower = Callable[[Any, Any, Any], Any]  # of a block, given a border and parameters


def of(*kinds: Kind, law: str = PADDING) -> list[str]:
    """Return the subjects of these kinds that a law concerns: every block of the registry, in every place."""
    return [name for name, each in SUBJECTS.items() if each.entry.kind in kinds and LAWS[law].concerns(each)]


def broken(name: str, patch: pytest.MonkeyPatch, change: Callable[[Lower], Lower] | None = None) -> Subject:
    """Return a subject of its own, whose block is lowered in another way."""
    known = SUBJECTS[name]
    assert known.model  # the sound one is built before anything is broken
    if change is not None:
        patch.setattr(type(known.entry), "lower", change(type(known.entry).lower))  # type: ignore[attr-defined]
    return Subject(known.call, known.case, known.entry.kind, known.place)


def is_caught(subject: Subject, laws: Iterable[str]) -> bool:
    """Return whether one of these laws is broken."""
    for law in laws:
        try:
            hold(law, subject)
        except LawBroken:
            return True
    return False


def says(subject: Subject) -> list[Any]:
    """Return what a model answers and what it loses, with random numbers of one beginning."""
    for variable in subject.model.variables:
        if "seed" in variable.path:
            variable.assign(np.array([7, 0], variable.dtype))
    question = batch([3, 7, STEPS, 2, 1], is_clean=False)
    return [*subject.answers(question).values(), *subject.model.loss(question)[1].values()]


def is_harmless(name: str, subject: Subject) -> bool:
    """Return whether a change changes nothing: there was nothing to break."""
    pairs = zip(says(SUBJECTS[name]), says(subject), strict=True)
    return all(np.allclose(one, two, atol=1e-5) for one, two in pairs)


def without_mask(whole: Lower) -> Lower:
    """The block takes padding for steps."""

    def lower(self: Any, border: Any, params: Any) -> Any:
        border.mask = border.ops.logical_or(border.mask, border.ops.logical_not(border.mask))
        return whole(self, border, params)

    return lower


def peeking(whole: Lower) -> Lower:
    """Every step of what the block gives knows the step behind it."""

    def lower(self: Any, border: Any, params: Any) -> Any:
        x = whole(self, border, params)
        return x + border.ops.pad(x[:, 1:], [[0, 0], [0, 1], [0, 0]]) if len(x.shape) == 3 else x

    return lower


@pytest.mark.slow
@pytest.mark.parametrize("name", of(*OF_GRAPHS, law=LEARNED))
def test_a_dropped_mask_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = broken(name, monkeypatch, without_mask)
    reads_both_sides = isinstance(subject.entry, Encoder) and subject.place in ("last", "masked")
    assert is_caught(subject, (PADDING, LEARNED, NEIGHBOURS)) or (not reads_both_sides and is_harmless(name, subject))


@pytest.mark.slow
@pytest.mark.parametrize("name", of(*OF_GRAPHS, law=FUTURE))
def test_a_look_ahead_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = broken(name, monkeypatch, peeking)
    if isinstance(subject.entry, Encoder):
        assert is_caught(subject, [FUTURE]) and is_caught(subject, [ANSWER])
    else:
        assert is_caught(subject, (FUTURE, ANSWER, PADDING)) or is_harmless(name, subject)


@pytest.mark.parametrize("name", of(Kind.BASELINE))
def test_a_baseline_that_counts_padding_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def counting(whole: Lower) -> Lower:
        def lower(self: Any, border: Any, params: Any) -> LoweredBaseline:
            made: LoweredBaseline = whole(self, border, params)
            return replace(made, scores=lambda fitted, items: made.scores(fitted, tf.maximum(items, 0)))

        return lower

    subject = broken(name, monkeypatch, counting)
    assert is_caught(subject, [PADDING]) or getattr(subject.entry, "counts_only", False)


def other_targets(whole: Lower) -> Lower:
    """A loss, or a head, learns what came in another row."""

    def lower(self: Any, border: Any, params: Any) -> Any:
        made = whole(self, border, params)
        if isinstance(made, LoweredHead):
            return replace(made, loss=lambda states, targets, met: made.loss(states, tf.roll(targets, 1, 0), met))
        return lambda states, items, targets, *rest: made(states, items, tf.roll(targets, 1, 0), *rest)

    return lower


@pytest.mark.parametrize("name", of(Kind.HEAD, law=CAME))
def test_a_shifted_target_of_a_head_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_caught(broken(name, monkeypatch, other_targets), [CAME])


@pytest.mark.parametrize("name", of(Kind.LOSS, law=RAISES))
def test_a_shifted_target_of_a_loss_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = broken(name, monkeypatch, other_targets)
    assert is_caught(subject, [RAISES])
    assert is_caught(subject, [CAME])


def shifted_chances(sign: float) -> Any:
    """Return what draws candidates as before, with the log of their chance times a number."""
    whole = candidates.draw_candidates

    def draw(*given: Any) -> candidates.Candidates:
        drawn = whole(*given)
        return candidates.Candidates(drawn.places, sign * drawn.log_chance, sign * drawn.log_chance_of_targets)

    return draw


@pytest.mark.parametrize("sign", [-1.0, 0.0])
@pytest.mark.parametrize("name", of(Kind.LOSS, law=CHANCES))
def test_a_wrong_sign_of_the_chance_is_caught(name: str, sign: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SESSION_FUNCTIONS, "draw_candidates", shifted_chances(sign))
    subject = broken(name, monkeypatch)
    # All chances of `uniform` are the same, so that softmax doesn't see their sign.
    assert is_caught(subject, [CHANCES]) != ("uniform" in name or "sampler" not in name)


@pytest.mark.parametrize("name", of(Kind.LOSS, law=BIAS))
def test_a_bias_of_another_item_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CategoricalHead.bias_at
    monkeypatch.setattr(CategoricalHead, "bias_at", lambda self, places: whole(self, tf.maximum(places - 1, 0)))
    monkeypatch.setattr(CategoricalHead, "bias", lambda self: tf.roll(self.bias_layer.values.value, 1, 0))
    assert is_caught(broken(name, monkeypatch), [BIAS])


def hits_stay(each: Any, *rest: Any, **words: Any) -> Any:
    """Compare with candidates among which the row's own target stays."""
    return contrast.contrast(lambda right, wrong, hit: each(right, wrong, tf.zeros_like(hit)), *rest, **words)


def draw_any(n: int, catalogue: Any, targets: Any, met: Any, generator: Any) -> Any:
    """Draw items of which each may be the target."""
    return tf.tile(tf.range(catalogue.count)[None], [tf.shape(targets)[0], -(-n // catalogue.count)])[:, :n]


@pytest.mark.parametrize("name", of(Kind.LOSS, law=RAISES))
def test_a_target_among_its_own_negatives_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SESSION_FUNCTIONS, "contrast", hits_stay)
    monkeypatch.setitem(SESSION_FUNCTIONS, "draw_others", draw_any)
    subject = broken(name, monkeypatch)
    laws = [law for law in (RAISES, WHOLE) if LAWS[law].concerns(subject)]
    assert is_caught(subject, laws) != name.startswith("loss softmax"), "the whole softmax draws nothing"


@pytest.mark.parametrize("name", of(Kind.TABLE, law=VECTOR))
def test_a_table_whose_head_reads_other_rows_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(whole: Lower) -> Lower:
        def lower(self: Any, border: Any, params: Any) -> Any:
            table = whole(self, border, params)
            look_up = table.at
            table.at = lambda codes, is_training=False: look_up(tf.maximum(codes - 1, 0), is_training=is_training)
            return table

        return lower

    assert is_caught(broken(name, monkeypatch, shifted), [VECTOR])


def forgetful(select: Any) -> Any:
    """Return a selection that forgets what is excluded, its fourth argument."""
    return lambda *given: select(*given[:3], tf.zeros_like(given[3]), *given[4:])


def seen_of_the_window(whole: examples.Examples, column: str, places: Any) -> Any:
    """Return what a session has seen without what `keep` cuts."""
    cut = examples.Examples(whole.sessions, whole.windows, whole.windows, 0, has_cut_target=True)
    return SEEN(cut, column, places)


SEEN = examples.Examples.seen


@pytest.mark.parametrize("name", of(Kind.HEAD, Kind.BASELINE, Kind.TABLE, Kind.OBJECTIVE, law=LISTED))
def test_a_seen_item_that_is_listed_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(scorer, "select", forgetful(scorer.select))
        patch.setattr(scorer, "scan", forgetful(scorer.scan))
        assert is_caught(SUBJECTS[name], [LISTED])
    with monkeypatch.context() as patch:
        patch.setattr(examples.Examples, "seen", seen_of_the_window)
        assert is_caught(SUBJECTS[name], [LISTED])


@pytest.mark.parametrize("name", of(Kind.OBJECTIVE, law=LISTED))
def test_a_target_that_is_evaluated_in_sight_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = examples.last_steps
    monkeypatch.setattr(examples, "last_steps", lambda *given, leave_out, **words: whole(*given, leave_out=0, **words))
    assert is_caught(SUBJECTS[name], [LISTED])


def test_an_encoder_that_pools_without_saying_so_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    known = subjects_of("narm(units=16)", Kind.ENCODER)[0]
    monkeypatch.setattr(type(known.entry), "pools", False)
    assert is_caught(known, ["the checked type is the shape"])


DROPPING = {SUBJECTS[name].entry.name: name for name in of(*OF_GRAPHS, law=TRAINING) if "dropout=0.3" in name}


@pytest.mark.parametrize("name", DROPPING.values())
def test_dropout_left_in_serving_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = keras.layers.Dropout.call
    monkeypatch.setattr(keras.layers.Dropout, "call", lambda self, x, training=False: whole(self, x, training=True))
    assert is_caught(broken(name, monkeypatch), [TRAINING])


@pytest.mark.parametrize("call", ["sasrec()", "gpt2()", "transformer_xl()"])
def test_a_step_more_in_the_mask_of_one_layer_is_caught(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, layers = attention.visible, iter(range(1_000))

    def visible(mask: Any, is_causal: bool, dtype: str) -> Any:
        seen = whole(mask, is_causal, dtype)
        return tf.roll(seen, 1, axis=1) if next(layers) % 2 else seen  # of every other layer

    known = subjects_of(call, Kind.ENCODER)[0]
    monkeypatch.setattr(attention, "visible", visible)
    assert is_caught(Subject(known.call, known.case, Kind.ENCODER, known.place), [FUTURE])


def test_swap_noise_left_in_serving_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SwapNoise.call
    monkeypatch.setattr(SwapNoise, "call", lambda self, x, mask, training=None: whole(self, x, mask, training=True))
    known = subjects_of("swap_noise(prob=0.9)", Kind.DENSE)[0]
    for law in (TRAINING, NEIGHBOURS):
        with pytest.raises(LawBroken, match=law):
            hold(law, Subject(known.call, known.case))
