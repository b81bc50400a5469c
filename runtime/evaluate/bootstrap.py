"""95 % intervals by bootstrap over sessions: seeded, the same resamples for all that is measured on them.

Where every session has the same value all resamples do, and the interval would be a point: no hit among ten sessions is
no proof that there is none among a million. The share of sessions with another value, of which none was met, is then
at most 1 - 0.025 ** (1 / n) (Clopper & Pearson 1934), and the interval goes as far as those could move the mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import JsonValue

Floats = NDArray[np.float64]

RESAMPLES = 1000
FEWEST = 200
# Beyond so many draws in all, fewer resamples are taken: with so many sessions the interval is narrow anyway.
DRAWS = 100_000_000
LOW, HIGH = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric with its interval; None where nothing was measured, or where the metric of a set has no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def json(self) -> dict[str, JsonValue]:
        """Return the figure for metrics.json."""
        return {"value": self.value, "low": self.low, "high": self.high}


def resamples(count: int, seed: int) -> Iterator[Floats]:
    """Give, for each resample, how often it holds every session."""
    draws = np.random.default_rng([seed, count])
    for _ in range(min(RESAMPLES, max(FEWEST, DRAWS // max(1, count)))):
        yield np.bincount(draws.integers(0, count, count), minlength=count).astype(np.float64)


def means(values: Floats, seed: int, most: Floats | None = None) -> tuple[Figure, ...]:
    """Return the mean of each column of (n, M) values with its interval.

    `most` (M,) is the largest value that a session can have, NaN where nobody knows; the smallest is 0.
    """
    count = len(values)
    if count == 0:
        return tuple(Figure(None) for _ in range(values.shape[1]))
    drawn = np.stack([weights @ values for weights in resamples(count, seed)]) / count  # (R, M)
    lows, highs = np.percentile(drawn, [LOW, HIGH], axis=0)
    if most is not None:
        others = 1.0 - (LOW / 100.0) ** (1.0 / count)  # the most that the share of sessions with another value may be
        is_one = (values == values[0]).all(axis=0) & ~np.isnan(most)
        lows = np.where(is_one, values[0] * (1.0 - others), lows)
        highs = np.where(is_one, values[0] + others * (most - values[0]), highs)
    return tuple(
        Figure(float(mean), float(low), float(high))
        for mean, low, high in zip(values.mean(axis=0), lows, highs, strict=True)
    )


def interval(values: list[float]) -> tuple[float, float] | None:
    """Return the interval of a statistic from its values on the resamples; None if it was never defined."""
    defined = [value for value in values if not np.isnan(value)]
    if not defined:
        return None
    low, high = np.percentile(defined, [LOW, HIGH])
    return float(low), float(high)
