"""Scores by how often training met an item: of `popular` itself, and behind what other baselines find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.runtime.baselines.history import History

Tensor = Any  # TensorFlow is untyped


def fit_clicks(history: History) -> dict[str, NDArray[Any]]:
    """Return the clicks of every item, (N,)."""
    return {"clicks": history.clicks.astype(np.float32)}


def score_clicks(fitted: Mapping[str, Tensor], items: Tensor) -> Tensor:
    """Return (B, N): the same scores for every session (B, T)."""
    clicks = tf.convert_to_tensor(fitted["clicks"])
    return tf.repeat(clicks[None], tf.shape(items)[0], axis=0)


def below_zero(history: History) -> NDArray[np.float32]:
    """Return scores (N,) in [-1, 0) that order items as their clicks do, equal where those are equal."""
    # The place among the different counts, not the count: exact in float32 however many clicks there are.
    steps = np.unique(history.clicks, return_inverse=True)[1].astype(np.float32)
    scores: NDArray[np.float32] = steps / (steps.max(initial=0) + 1) - 1
    return scores
