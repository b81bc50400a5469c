"""Filters in the frequency domain, computed as what they are on real steps: sums over lags.

A product of spectra of n places is a convolution in which lags count modulo n. Real steps stand in a frame of n =
`longest` places and all other places are zero; then only lags between real steps matter, so neither the padding, nor
its side, nor where in the frame a session stands can change anything.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from sess.runtime.layers.dense import small

Tensor = Any  # Keras tensors have no type that mypy could know


class SpectralFilter(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """F^-1(W ⊙ F(x)) with a learned complex W for every frequency and number (Zhou et al. 2022, equations 4 and 5)."""

    def __init__(self, longest: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.longest = longest

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make W, its real and its imaginary parts: (2, n / 2 + 1, D)."""
        bins = self.longest // 2 + 1
        self.spectrum = self.add_weight(shape=(2, bins, shape[-1]), initializer=small(), name="spectrum")
        self.built = True

    def call(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        cosine, sine = waves(self.longest)
        kernel = ops.matmul(cosine, self.spectrum[0]) - ops.matmul(sine, self.spectrum[1])  # (n, D)
        by_lag = ops.cast(ops.take(kernel, lags(ops.shape(x)[1], self.longest), axis=0), x.dtype)  # (T, T, D)
        return ops.einsum("tsd,bsd->btd", by_lag, x * ops.cast(ops.expand_dims(mask, -1), x.dtype))

    def compute_output_spec(self, x: Tensor, mask: Tensor) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


class FrequencyRescale(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """LFC(x) + β² HFC(x): the c lowest frequencies as they are, the others rescaled (Shin et al. 2024, equation 8)."""

    def __init__(self, longest: int, *, lowest: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self.longest, self.lowest = longest, lowest

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the root of the scale of high frequencies, (D,)."""
        initializer = keras.initializers.RandomNormal(stddev=1.0)
        self.scale = self.add_weight(shape=(shape[-1],), initializer=initializer, name="scale")
        self.built = True

    def call(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (B, T, D) of x (B, T, D) and mask (B, T)."""
        cosine, _ = waves(self.longest)
        kernel = cosine[:, : self.lowest // 2 + 1].sum(axis=1)  # (n,)
        by_lag = ops.cast(ops.take(kernel, lags(ops.shape(x)[1], self.longest)), x.dtype)  # (T, T)
        low = ops.matmul(by_lag, x * ops.cast(ops.expand_dims(mask, -1), x.dtype))  # (B, T, D)
        return low + ops.cast(ops.square(self.scale), x.dtype) * (x - low)

    def compute_output_spec(self, x: Tensor, mask: Tensor) -> Tensor:
        """Say that the shape is that of x."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)


def lags(steps: Tensor, longest: int) -> Tensor:
    """Return t - s modulo n, (T, T)."""
    places = ops.arange(steps)
    return ops.mod(places[:, None] - places[None, :], longest)


def waves(longest: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the matrices (n, n / 2 + 1) from a spectrum's real and imaginary parts to the numbers it stands for."""
    places, bins = np.arange(longest), np.arange(longest // 2 + 1)
    share = np.where((bins == 0) | (2 * bins == longest), 1.0, 2.0) / longest  # all but these stand for two
    angles = 2.0 * np.pi * places[:, None] * bins[None, :] / longest
    return (np.cos(angles) * share).astype(np.float32), (np.sin(angles) * share).astype(np.float32)
