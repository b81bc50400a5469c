"""Ranking metrics with one relevant item a session, from the first k codes and what really came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sess.compiler.plans import MetricPlan

Floats = NDArray[np.float64]
Codes = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Popularity:
    """How often training met every item: its events, and the sessions that hold it; both by code - reserved."""

    reserved: int
    clicks: NDArray[np.int64]
    holders: NDArray[np.int64]
    sessions: int

    def share(self) -> Floats:
        """Return each item's share of all training events."""
        shares: Floats = self.clicks / max(1, int(self.clicks.sum()))
        return shares

    def surprise(self) -> Floats:
        """Return each item's self-information in bits; an item that training never met counts as met once."""
        bits: Floats = -np.log2(np.maximum(self.holders, 1) / max(1, self.sessions))
        return bits


def ranks(codes: Codes, targets: Codes) -> NDArray[np.int64]:
    """Return the rank of each target in its row, from 1; 0 where the row doesn't hold it."""
    found = (codes == targets[:, None]) & (targets[:, None] != 0)  # (n, k)
    return np.where(found.any(axis=1), found.argmax(axis=1) + 1, 0)


def per_session(metric: MetricPlan, codes: Codes, rank: NDArray[np.int64], popularity: Popularity) -> Floats | None:
    """Return the metric's value of each session, whose mean is the metric; None for what only a whole set has."""
    cutoff = codes.shape[1] if metric.cutoff is None else metric.cutoff
    is_hit = (rank > 0) & (rank <= cutoff)
    safe = np.maximum(rank, 1)
    match metric.name:
        case "recall" | "hit":
            return is_hit.astype(np.float64)
        case "precision":
            return is_hit / float(cutoff)
        case "mrr" | "map":
            return np.where(is_hit, 1.0 / safe, 0.0)
        case "ndcg":
            return np.where(is_hit, 1.0 / np.log2(safe + 1.0), 0.0)
        case "novelty":
            return _mean_of_listed(popularity.surprise(), codes[:, :cutoff], popularity.reserved)
        case "popularity_bias":
            return _mean_of_listed(popularity.share(), codes[:, :cutoff], popularity.reserved)
        case _:
            return None


def largest(metric: MetricPlan, codes: Codes) -> float:
    """Return the largest value that a session can have, NaN where it depends on the catalogue."""
    match metric.name:
        case "recall" | "hit" | "mrr" | "map" | "ndcg":
            return 1.0
        case "precision":
            return 1.0 / (codes.shape[1] if metric.cutoff is None else metric.cutoff)
        case _:
            return float("nan")


def coverage(codes: Codes, cutoff: int | None, items: int) -> float:
    """Return the share of all items that stand among the first `cutoff` of any row."""
    listed = np.unique(codes[:, :cutoff])
    return float((listed != 0).sum()) / max(1, items)


def _mean_of_listed(of_item: Floats, codes: Codes, reserved: int) -> Floats:
    """Return the mean over each row's places that hold an item, 0 for a row without any."""
    is_item = codes != 0
    values = np.where(is_item, of_item[np.where(is_item, codes.astype(np.int64) - reserved, 0)], 0.0)
    means: Floats = values.sum(axis=1) / np.maximum(1, is_item.sum(axis=1))
    return means
