"""Sines and cosines of places: what is added to steps, what steps are turned by, and what tells distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

Tensor = Any  # Keras tensors have no type that mypy could know


def angles(places: Tensor, width: int) -> Tensor:
    """Return each place (n,) times the rates 10000^(-2 i / D), (n, ceil(D / 2)) float32 (Vaswani et al. 2017, 3.5)."""
    rates = np.power(10_000.0, -np.arange(0, width, 2, dtype=np.float32) / width)  # (ceil(D / 2),)
    return ops.cast(places, "float32")[:, None] * rates[None, :]


def waves(steps: Tensor, width: int, dtype: str) -> Tensor:
    """Return the sine and cosine of every place and rate in turn, (T, D)."""
    of_places = angles(ops.arange(steps), width)
    return ops.cast(_paired(ops.sin(of_places), ops.cos(of_places))[:, :width], dtype)


def turned(x: Tensor) -> Tensor:
    """Return (…, T, D) with each pair of numbers turned by its step's place times a rate (Su et al. 2021, eq. 34)."""
    of_places = angles(ops.arange(ops.shape(x)[-2]), x.shape[-1])  # (T, D / 2)
    sine, cosine = ops.cast(ops.sin(of_places), x.dtype), ops.cast(ops.cos(of_places), x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return _paired(even * cosine - odd * sine, odd * cosine + even * sine)


def distances(steps: Tensor, width: int, dtype: str) -> Tensor:
    """Return the sinusoids of the distances T - 1 … 1 - T, (2 T - 1, D): sines, then cosines (Dai et al. 2019)."""
    far = angles(steps - 1 - ops.arange(2 * steps - 1), width)
    return ops.cast(ops.concatenate([ops.sin(far), ops.cos(far)], axis=1)[:, :width], dtype)


def _paired(even: Tensor, odd: Tensor) -> Tensor:
    """Return (…, 2 n) with the numbers of both (…, n) in turn."""
    pairs = ops.stack([even, odd], axis=-1)
    return ops.reshape(pairs, (*ops.shape(even)[:-1], 2 * even.shape[-1]))
