"""A product of every head with a matrix of its own, the same for all sessions."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


def by_head(x: Tensor, matrices: Tensor) -> Tensor:
    """Return (B, H, T, d) x (H, d, n) -> (B, H, T, n).

    Without the repeat oneDNN, TensorFlow 2.21's default on a CPU, gives wrong numbers or dies where H is 1. It costs
    little: the gradient of the plain product makes a matrix a session, too.
    """
    repeated = ops.broadcast_to(matrices, (ops.shape(x)[0], *ops.shape(matrices)))  # (B, H, d, n)
    return ops.matmul(x, repeated)
