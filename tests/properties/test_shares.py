"""What objectives draw, counted over many sessions: shares, bounds on true lengths, and how far a batch grows."""

from __future__ import annotations

import numpy as np
import pytest

from sess.compiler.block import Kind
from sess.runtime.model import MASK
from sess.testing.laws import subjects_of
from sess.testing.sessions import STEPS, batch
from sess.testing.subject import asked

SESSIONS, ROUNDS = 400, 5
COLUMNS = ("item_id", "category", "price", "hour")


def near(found: float, share: float, count: int) -> bool:
    """Return whether a share of so many draws is within five deviations of what it should be."""
    return abs(found - share) < 5 * (share * (1 - share) / count) ** 0.5 + 1e-9


def lengths_of(seed: int) -> list[int]:
    """Return drawn lengths, those of nothing and of one step too."""
    return np.random.default_rng(seed).integers(0, STEPS + 1, SESSIONS).tolist()


@pytest.mark.parametrize("replace", [(0.8, 0.1, 0.1), (0.5, 0.5, 0.0), (0.0, 0.0, 1.0)])
def test_masked_hides_swaps_and_leaves_by_its_shares(replace: tuple[float, float, float]) -> None:
    masked = subjects_of(f"masked(prob=0.3, replace={list(replace)})", Kind.OBJECTIVE)[0]
    found = np.zeros(3)
    for seed in range(ROUNDS):
        question = batch([STEPS] * SESSIONS, seed=seed)
        ticket = masked.ask(question, seed)
        wanted, hidden = np.asarray(ticket.predict), np.asarray(ticket.hidden)
        changed = np.any([np.asarray(ticket.steps[name]) != np.asarray(question[name]) for name in COLUMNS], axis=0)
        assert not (changed & ~wanted).any()
        assert not (changed & hidden).any()
        found += [(wanted & hidden).sum(), (wanted & changed).sum(), (wanted & ~hidden & ~changed).sum()]
    for share, count in zip(replace, found, strict=True):
        assert near(count / found.sum(), share, int(found.sum()))


def test_masked_swaps_in_whole_real_steps() -> None:
    masked = subjects_of("masked(prob=0.3, replace=[0, 1, 0])", Kind.OBJECTIVE)[0]
    question = batch([STEPS] * SESSIONS)
    ticket = masked.ask(question)
    real, given = (
        list(zip(*(np.asarray(of[name]).ravel().tolist() for name in COLUMNS), strict=True))
        for of in (question, ticket.steps)
    )
    assert set(given) <= set(real)
    assert given != real


@pytest.mark.parametrize("name", ["masked(prob=0.3)", "replaced(prob=0.3)", "permuted(prob=0.3)"])
def test_a_share_of_the_real_steps_is_asked_for_within_its_bounds(name: str) -> None:
    objective = subjects_of(name, Kind.OBJECTIVE)[0]
    total, real = 0.0, 0.0
    for seed in range(ROUNDS):
        lengths = lengths_of(seed)
        question = batch(lengths, seed=seed)
        ticket = objective.ask(question, seed)
        wanted = np.asarray(ticket.predict)[:SESSIONS]
        assert not (wanted & ~np.asarray(question[MASK])).any()
        for length, count in zip(lengths, wanted.sum(axis=1), strict=True):
            assert (count == 0) if length < 2 else 1 <= count <= length - 1
        whole = np.array(lengths) == STEPS
        total, real = total + wanted[whole].sum(), real + STEPS * whole.sum()
    # One at least and all but one at most: of nine steps that moves the mean by less than a hundredth.
    assert total / real == pytest.approx(0.3, abs=0.03)


def test_every_step_of_a_session_is_asked_for_as_often() -> None:
    masked = subjects_of("masked(prob=0.3)", Kind.OBJECTIVE)[0]
    wanted = np.concatenate([np.asarray(masked.ask(batch([STEPS] * SESSIONS), seed).predict) for seed in range(ROUNDS)])
    assert all(near(share, wanted.mean(), len(wanted)) for share in wanted.mean(axis=0))


@pytest.mark.parametrize("mix", [0.0, 0.4, 1.0])
def test_last_mix_is_the_share_of_sessions_that_are_asked_for_their_last_step(mix: float) -> None:
    masked = subjects_of(f"masked(prob=0.3, last_mix={mix})", Kind.OBJECTIVE)[0]
    plain = subjects_of("masked(prob=0.3)", Kind.OBJECTIVE)[0]

    def alone(wanted: np.ndarray) -> float:
        return float((wanted[:, -1] & (wanted.sum(axis=1) == 1)).mean())

    question = batch([STEPS] * SESSIONS)
    mixed = alone(np.concatenate([np.asarray(masked.ask(question, seed).predict) for seed in range(ROUNDS)]))
    by_chance = alone(np.concatenate([np.asarray(plain.ask(question, 100 + seed).predict) for seed in range(ROUNDS)]))
    assert mixed == pytest.approx(mix + (1 - mix) * by_chance, abs=0.06)
    short = masked.ask(batch([1, 0, 2]))
    assert np.asarray(short.predict).sum(axis=1).tolist() == [0, 0, 1]


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_random_grows_the_batch_and_spreads_its_examples(count: int) -> None:
    random = subjects_of(f"random(per_session={count})", Kind.OBJECTIVE)[0]
    lengths = lengths_of(3)
    ticket = random.ask(batch(lengths))
    assert ticket.predict.shape[0] == count * SESSIONS
    places: dict[int, list[int]] = {}
    for _, place, session in asked(ticket):
        places.setdefault(session, []).append(place)
    for session, length in enumerate(lengths):
        found = places.get(session, [])
        assert len(found) == (count if length > 1 else 0)
        often = np.bincount(found, minlength=max(1, length - 1))
        assert length < 2 or often.max() - often.min() <= 1, "a step comes twice before another came once"


def test_random_asks_for_every_step_but_the_first_as_often() -> None:
    random = subjects_of("random(per_session=1)", Kind.OBJECTIVE)[0]
    question = batch([STEPS] * SESSIONS)
    places = [place for seed in range(ROUNDS) for _, place, _ in asked(random.ask(question, seed))]
    counts = np.bincount(places, minlength=STEPS - 1)
    assert all(near(count / len(places), 1 / (STEPS - 1), len(places)) for count in counts)


def test_replaced_puts_steps_in_for_those_that_it_asks_for_alone() -> None:
    replaced = subjects_of("replaced(prob=0.3)", Kind.OBJECTIVE)[0]
    question = batch([STEPS] * 100)
    ticket = replaced.ask(question)
    wanted = np.asarray(ticket.predict)
    assert not wanted[100:].any(), "the heads learn from what is hidden, not from what is replaced"
    given = np.asarray(ticket.steps["item_id"])
    changed = given[100:] != np.asarray(question["item_id"])
    assert (given[:100] == np.asarray(question["item_id"])).all()
    assert not (changed & ~wanted[:100]).any()
    # A generator that knows nothing draws about as the items are spread: it is right one time of thirty.
    assert changed.sum() / wanted[:100].sum() == pytest.approx(1 - 1 / 30, abs=0.05)


def test_permuted_asks_one_step_behind_the_other() -> None:
    permuted = subjects_of("permuted(prob=0.5)", Kind.OBJECTIVE)[0]
    ticket = permuted.ask(batch([2, 5, STEPS, 1, 7] * 20))
    order, predict, firsts = np.asarray(ticket.order), np.asarray(ticket.predict), []
    assert not order[~predict].any(), "a step that is given has no place in the order"
    for mine, is_asked in zip(order, predict, strict=True):
        assert sorted(mine[is_asked].tolist()) == list(range(1, is_asked.sum() + 1))
        firsts += [np.flatnonzero(is_asked).tolist().index(int(mine.argmax()))] if is_asked.sum() == 2 else []
    assert 0 < np.mean(firsts) < 1, "the order is that of the steps"
