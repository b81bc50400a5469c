"""Clients that measure a server through its gRPC door: a closed loop, and an open one that no slow answer slows down.

An open loop sends at drawn moments, whatever was answered by then, and counts from the moment at which a request was to
be sent: a server that stalls is charged for all that wait meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

INFER = "/inference.GRPCInferenceService/ModelInfer"
WITHIN = 60.0  # seconds, for one answer
ROOM = 1.25  # between two rates that are tried

Ask = Callable[[int], Awaitable[Any]]  # the n-th request


@dataclass(frozen=True, slots=True)
class Times:
    """How long answers took, in milliseconds, and how many came in a second."""

    p50: float
    p99: float
    rate: float

    @classmethod
    def of(cls, seconds: Sequence[float], whole: float) -> Times:
        """Return what was seen of requests that took so long each, all of them in so many seconds."""
        middle, high = np.percentile(np.array(seconds) * 1000, [50, 99])
        return cls(float(middle), float(high), len(seconds) / whole)


def asker(channel: Any, questions: Sequence[bytes]) -> Ask:
    """Return what sends one of some requests, bytes in and bytes out: the client costs next to nothing."""
    call = channel.unary_unary(INFER)
    return lambda i: call(questions[i % len(questions)], timeout=WITHIN)


async def closed(ask: Ask, flight: int, seconds: float) -> Times:
    """Keep so many requests in flight for so many seconds."""
    taken: list[float] = []
    begun = time.perf_counter()

    async def worker(first: int) -> None:
        i = first
        while (started := time.perf_counter()) < begun + seconds:
            await ask(i)
            taken.append(time.perf_counter() - started)
            i += flight

    await asyncio.gather(*(worker(first) for first in range(flight)))
    return Times.of(taken, time.perf_counter() - begun)


async def opened(ask: Ask, rate: float, seconds: float) -> Times:
    """Send so many requests a second, as independent users would, for so many seconds."""
    gaps = np.random.default_rng(0).exponential(1 / rate, max(2, int(rate * seconds)))
    taken: list[float] = []
    begun = time.perf_counter() + 0.05

    async def one(i: int, due: float) -> None:
        await ask(i)
        taken.append(time.perf_counter() - due)

    under_way = set()
    for i, due in enumerate((begun + np.cumsum(gaps)).tolist()):
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        under_way.add(asyncio.create_task(one(i, due)))
    await asyncio.gather(*under_way)
    return Times.of(taken, time.perf_counter() - begun)


async def highest_rate(ask: Ask, limit: float, first: float, seconds: float) -> tuple[float, Times]:
    """Return the highest rate that was tried whose p99 is at most `limit` ms, and what was seen at it.

    Rates fall from `first` until one is kept to, and rise from it otherwise.
    """
    rate, kept = first, await opened(ask, first, seconds)
    is_rising = kept.p99 <= limit
    while True:
        tried = rate * ROOM if is_rising else rate / ROOM
        seen = await opened(ask, tried, seconds)
        if is_rising and seen.p99 > limit:
            return rate, kept
        if not is_rising and (seen.p99 <= limit or tried < 1):
            return tried, seen
        rate, kept = tried, seen
