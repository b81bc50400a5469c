"""Where requests go: one generation at a time, flipped at once, each counted so that the old one can drain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from sess.runtime.serve.gateway.contract import Contract
from sess.runtime.serve.gateway.refusal import Reason, Refusal
from sess.runtime.serve.gateway.upstream import Reply


class Generation(Protocol):
    """An artifact that is being served."""

    @property
    def contract(self) -> Contract:
        """What it takes and gives."""

    async def ask(self, question: bytes, within: float) -> Reply:
        """Return Triton's answer; ConnectionError if it has none, TimeoutError if it doesn't come in time."""


@dataclass(slots=True)
class Lane:
    """A generation with how much is under way in it, and when it last answered."""

    generation: Generation
    under_way: int = 0
    answered: float = field(default_factory=time.monotonic)
    is_idle: asyncio.Event = field(default_factory=asyncio.Event)


class Route:
    """The lane that requests take; none while nothing is ready."""

    def __init__(self) -> None:
        self._lane: Lane | None = None
        self._is_draining = False

    @property
    def lane(self) -> Lane | None:
        """The lane that the next request takes; None if nothing is ready."""
        return self._lane

    @property
    def is_ready(self) -> bool:
        """Whether a request would be answered, and new ones are welcome."""
        return self._lane is not None and not self._is_draining

    @property
    def is_draining(self) -> bool:
        """Whether the server is about to end: clients should go elsewhere, and are still answered."""
        return self._is_draining

    def flip(self, generation: Generation | None) -> Lane | None:
        """Send all requests from here on to a generation; return the lane before, which may still be busy."""
        before, self._lane = self._lane, None if generation is None else Lane(generation)
        return before

    def offer(self, generation: Generation) -> bool:
        """Send requests to a generation if none gets them; return whether it was taken."""
        if self._lane is not None:
            return False
        self.flip(generation)
        return True

    def drain(self) -> None:
        """Say from here on that the server isn't ready."""
        self._is_draining = True

    @contextmanager
    def enter(self) -> Iterator[Lane]:
        """Give the lane to one request; a Refusal while nothing is ready."""
        lane = self._lane
        if lane is None:
            raise Refusal(Reason.NOT_READY, "the model is starting, try again soon", "not ready")
        lane.under_way += 1
        lane.is_idle.clear()
        try:
            yield lane
        finally:
            lane.under_way -= 1
            if not lane.under_way:
                lane.is_idle.set()


async def drained(lane: Lane, within: float) -> bool:
    """Return whether all that is under way in a lane ended within so many seconds."""
    if not lane.under_way:
        return True
    try:
        await asyncio.wait_for(lane.is_idle.wait(), within)
    except TimeoutError:
        return False
    return True
