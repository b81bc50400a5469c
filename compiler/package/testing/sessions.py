"""The small shop's drawn sessions and catalogue, prepared as training and serving get them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.plans import ColumnPlan
from sess.runtime.baselines.history import History
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.train.windows import MASK

ITEMS, STEPS, RESERVED = 30, 9, 3
SHORT = 4  # fewer than all steps
OF_SESSIONS = ("device", "country", "purchased", "tastes", "profile")

Batch = dict[str, Any]  # tensors by name


def batch(lengths: list[int], *, width: int = STEPS, seed: int = 0, is_clean: bool = True, most: int = STEPS) -> Batch:
    """Return sessions of these lengths, padded on the right to a width: with zeros, or with what looks like steps.

    `most` steps are drawn for each; with as many, sessions of the same seed are the same whatever the width.
    """
    draw = np.random.default_rng(seed)
    mask = np.arange(width) < np.array(lengths)[:, None]
    count = len(lengths)

    def steps(values: NDArray[Any]) -> Any:
        padded = np.concatenate([values, values], axis=1)[:, :width]
        is_real = mask.reshape(*mask.shape, *[1] * (values.ndim - 2))
        return tf.constant(padded * is_real if is_clean else padded)

    return {
        MASK: tf.constant(mask),
        "item_id": steps(draw.integers(RESERVED, RESERVED + ITEMS, (count, most)).astype(np.int32)),
        "category": steps(draw.integers(3, 8, (count, most)).astype(np.int32)),
        "price": steps(draw.normal(size=(count, most)).astype(np.float32)),
        "hour": steps(draw.normal(size=(count, most)).astype(np.float32)),
        "hour.raw": steps(draw.integers(0, 24, (count, most)).astype(np.float32)),
        "timestamp": steps(1.7e9 + np.cumsum(np.exp(draw.normal(3, 3, (count, most))), axis=1)),
        "device": tf.constant(draw.integers(3, 8, count).astype(np.int32)),
        "country": tf.constant(draw.integers(3, 8, count).astype(np.int32)),
        "purchased": tf.constant(draw.integers(0, 2, count).astype(np.float32)),
        "colours": steps(draw.integers(0, 8, (count, most, 3)).astype(np.int32)),
        "look": steps(draw.normal(size=(count, most, 2)).astype(np.float32)),
        "tastes": tf.constant(draw.integers(0, 8, (count, 4)).astype(np.int32)),
        "profile": tf.constant(draw.normal(size=(count, 2)).astype(np.float32)),
    }


def clicked() -> NDArray[np.int64]:
    """Return how often training met each item: some far more often than others."""
    return np.arange(1, ITEMS + 1) ** 2


def history(sessions: int = 40) -> History:
    """Return drawn training sessions, as baselines count them."""
    draw = np.random.default_rng(3)
    lengths = draw.integers(2, STEPS, sessions)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    items = draw.integers(0, ITEMS, offsets[-1]).astype(np.int64)
    return History(ITEMS, offsets, items, np.linspace(9.0, 0.0, sessions))


def about_items(columns: Iterable[ColumnPlan]) -> dict[str, NDArray[Any]]:
    """Return what the catalogue says of every item, by code: (V,) codes or numbers, zeros of reserved codes."""
    draw, found = np.random.default_rng(4), {}
    for column in columns:
        shape = (ITEMS, 3) if column.is_bag else (ITEMS,) if column.width is None else (ITEMS, column.width)
        lowest = 0 if column.is_bag else RESERVED
        values = draw.integers(lowest, 8, shape) if column.domain else draw.normal(size=shape)
        padded = np.concatenate([np.zeros((RESERVED, *shape[1:])), values])
        found[column.name] = padded.astype(np.int32 if column.domain else np.float32)
    return found


def whole(lengths: list[int]) -> Sessions:
    """Return prepared sessions of these lengths, as evaluation reads them."""
    longest = max(lengths)
    drawn = {name: np.asarray(each) for name, each in batch(lengths, width=longest, most=longest).items()}
    mask = drawn.pop(MASK)
    steps = {name: each[mask] for name, each in drawn.items() if name not in OF_SESSIONS}
    session = {name: drawn[name] for name in OF_SESSIONS}
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Sessions(offsets, steps, session, {}, {}, {"key": np.arange(len(lengths))})
