"""Training batches: every long enough session once an epoch, right-padded, in an order that only the seed decides."""

from __future__ import annotations

import numpy as np
import pytest

from sess.runtime.prepare.prepared import Sessions
from sess.runtime.train.batches import Batches, training_batches
from sess.runtime.train.windows import MASK

LENGTHS = np.random.default_rng(5).integers(0, 30, 700)


def sessions() -> Sessions:
    """Sessions whose items say where they stand: 100 times the session's number plus the step."""
    offsets = np.r_[0, np.cumsum(LENGTHS)].astype(np.int64)
    items = np.concatenate([100 * (i + 1) + np.arange(length) for i, length in enumerate(LENGTHS)]).astype(np.int32)
    ages = np.arange(len(LENGTHS), dtype=np.float32)
    keys = {"key": np.arange(len(LENGTHS))}
    return Sessions(offsets, {"item": items}, {"age": ages}, {"item": items}, {}, keys)


def batches(*, size: int = 32, tokens: int | None = None, seed: int = 1) -> Batches:
    return training_batches(
        sessions(),
        steps=("item",),
        session=("age",),
        longest=10,
        min_length=2,
        size=size,
        tokens=tokens,
        seed=seed,
    )


def test_an_epoch_has_every_long_enough_session_once() -> None:
    made = batches()
    seen = np.concatenate([batch["age"] for batch in made.dense(made.plan(1))])
    assert sorted(seen) == np.flatnonzero(LENGTHS >= 2).tolist()
    assert made.too_short == (LENGTHS < 2).sum()


def test_a_row_holds_the_last_steps_and_then_padding() -> None:
    made = batches()
    for batch in made.dense(made.plan(1)):
        for age, items, mask in zip(batch["age"], batch["item"], batch[MASK], strict=True):
            number = int(age)
            length = LENGTHS[number]
            kept = min(length, 10)
            wanted = [100 * (number + 1) + step for step in range(length - kept, length)]
            assert items.tolist() == wanted + [0] * (len(items) - kept)
            assert mask.tolist() == [True] * kept + [False] * (len(items) - kept)


def test_the_longest_session_of_a_batch_sets_its_width() -> None:
    made = batches()
    assert all(batch[MASK].any(axis=0).all() for batch in made.dense(made.plan(1)))


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        return [places.tolist() for places in batches(seed=seed).plan(epoch)]

    assert order(1, 3) == order(1, 3)
    assert order(1, 3) != order(1, 4)
    assert order(1, 3) != order(2, 3)


@pytest.mark.parametrize("tokens", [10, 64, 500])
def test_a_batch_stays_within_its_tokens(tokens: int) -> None:
    made = batches(tokens=tokens)
    plan = made.plan(1)
    assert sorted(np.concatenate(plan)) == list(range(len(made.windows.rows)))
    assert all(batch[MASK].size <= tokens for batch in made.dense(plan))


def test_batches_of_similar_lengths_have_little_padding() -> None:
    made = batches()
    masks = [batch[MASK] for batch in made.dense(made.plan(1))]
    assert sum(mask.sum() for mask in masks) > 0.9 * sum(mask.size for mask in masks)
