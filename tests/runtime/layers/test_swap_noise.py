"""Swap noise puts whole steps of other sessions in the place of real ones, in training alone."""

from __future__ import annotations

import numpy as np

from sess.runtime.layers.noise import SwapNoise

LENGTHS = np.array([1, 7, 0, 4])
MASK = np.arange(8) < LENGTHS[:, None]
SESSION = np.broadcast_to(np.arange(1.0, 5.0)[:, None], MASK.shape)
X = np.stack([SESSION, np.arange(MASK.size).reshape(MASK.shape)], axis=-1).astype(np.float32)  # who, and which step
X[~MASK] = -1.0


def noisy(prob: float, times: int = 200) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    layer = SwapNoise(prob)
    return np.stack([np.asarray(layer(X, MASK, training=True)) for _ in range(times)])


def test_nothing_is_swapped_when_serving() -> None:
    np.testing.assert_array_equal(SwapNoise(0.9)(X, MASK, training=False), X)


def test_a_swapped_step_is_a_whole_real_step_of_another_session() -> None:
    real = {tuple(step) for step in X[MASK].tolist()}
    for batch in noisy(0.5):
        is_swapped = (batch != X).any(axis=-1)
        assert not (is_swapped & ~MASK).any()
        assert (batch[is_swapped][:, 0] != X[is_swapped][:, 0]).all()
        assert {tuple(step) for step in batch[MASK].tolist()} <= real


def test_the_share_is_the_probability_and_every_other_step_is_drawn_evenly() -> None:
    batches = noisy(0.3, 2000)
    is_swapped = (batches != X).any(axis=-1)[:, MASK]
    assert abs(is_swapped.mean() - 0.3) < 0.01
    drawn = batches[:, 3, 0][(batches[:, 3, 0] != X[3, 0]).any(axis=-1)][:, 1]  # in the place of a step of the last
    steps, counts = np.unique(drawn, return_counts=True)
    assert steps.tolist() == sorted(X[:3][MASK[:3]][:, 1].tolist())
    assert counts.min() > 0.6 * counts.mean()


def test_a_session_alone_in_its_batch_is_left_as_it_is() -> None:
    np.testing.assert_array_equal(SwapNoise(0.99)(X[1:2], MASK[1:2], training=True), X[1:2])


def test_rows_are_swapped_whole() -> None:
    rows = X[:, 0]
    found = np.stack([np.asarray(SwapNoise(0.5)(rows, MASK, training=True)) for _ in range(50)])
    assert {tuple(row) for row in found.reshape(-1, 2).tolist()} == {tuple(row) for row in rows.tolist()}
    assert (found != rows).any()
