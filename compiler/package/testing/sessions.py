"""Batches of drawn sessions of the small shop, prepared as training and serving give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.runtime.model import MASK

ITEMS, STEPS = 30, 9
SHORT = 4  # fewer than all steps
OF_SESSIONS = ("device", "country", "purchased", "tastes", "profile")

Batch = dict[str, Any]  # tensors by name


def batch(lengths: list[int], *, width: int = STEPS, seed: int = 0, is_clean: bool = True) -> Batch:
    """Return sessions of these lengths, padded on the right to a width: with zeros, or with what looks like steps."""
    draw = np.random.default_rng(seed)
    mask = np.arange(width) < np.array(lengths)[:, None]
    count = len(lengths)

    def steps(values: NDArray[Any]) -> Any:
        padded = np.concatenate([values, values], axis=1)[:, :width]
        is_real = mask.reshape(*mask.shape, *[1] * (values.ndim - 2))
        return tf.constant(padded * is_real if is_clean else padded)

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
        "colours": steps(draw.integers(0, 8, (count, STEPS, 3)).astype(np.int32)),
        "look": steps(draw.normal(size=(count, STEPS, 2)).astype(np.float32)),
        "tastes": tf.constant(draw.integers(0, 8, (count, 4)).astype(np.int32)),
        "profile": tf.constant(draw.normal(size=(count, 2)).astype(np.float32)),
    }
