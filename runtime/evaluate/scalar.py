"""Metrics of heads that give one number a session: area under the curve, cross-entropy, squared error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Probabilities are kept this far from 0 and 1, as scikit-learn does, so that one sure mistake isn't infinite.
EDGE = float(np.finfo(np.float32).eps)


def logloss(probabilities: Floats, targets: Floats) -> Floats:
    """Return the cross-entropy of each session."""
    sure = np.clip(probabilities.astype(np.float64), EDGE, 1.0 - EDGE)
    losses: Floats = -(targets * np.log(sure) + (1.0 - targets) * np.log1p(-sure))
    return losses


def squared_error(values: Floats, targets: Floats) -> Floats:
    """Return the squared error of each session."""
    errors: Floats = np.square(values.astype(np.float64) - targets)
    return errors


class Auc:
    """The area under the ROC curve for any weights of the sessions; equal scores count half."""

    def __init__(self, scores: Floats, targets: Floats) -> None:
        self._order = np.argsort(scores, kind="stable")
        ordered = scores[self._order]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, int)
        self._is_positive = targets[self._order] > 0.5

    def area(self, weights: Floats) -> float:
        """Return the area; NaN where all sessions are of one class."""
        if not len(self._starts):
            return float("nan")
        ordered = weights[self._order]
        positive = np.add.reduceat(np.where(self._is_positive, ordered, 0.0), self._starts)
        negative = np.add.reduceat(np.where(self._is_positive, 0.0, ordered), self._starts)
        pairs = positive.sum() * negative.sum()
        below = np.cumsum(negative) - negative
        return float((positive * (below + 0.5 * negative)).sum() / pairs) if pairs else float("nan")
