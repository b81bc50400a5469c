"""One inference, whatever its protocol: checked by the contract, sent to Triton, its failures told without a trace."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from sess.runtime.serve.gateway.contract import Array, Contract, Limits
from sess.runtime.serve.gateway.metrics import Metrics
from sess.runtime.serve.gateway.question import OK, Output, outputs_of, question_of, reason_of
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid
from sess.runtime.serve.gateway.route import Lane, Route
from sess.runtime.serve.gateway.upstream import Reply
from sess.runtime.steps.request import Asked
from sess.runtime.steps.transform import UNSEEN


@dataclass(frozen=True, slots=True)
class Wanted:
    """The tensors of a request, the names of the outputs that it wants, none for all, and its time in seconds."""

    tensors: Mapping[str, Array]
    outputs: Collection[str]
    within: float | None


Read = Callable[[Contract], Wanted]
"""Returns what a request wants; a Refusal if it can't be read."""

Examine = Callable[[Lane], Awaitable[bool]]
"""Returns whether a lane answers; one that doesn't is replaced."""

LONGEST_WAIT = 60.0  # seconds for one answer, where the client says no deadline
OTHER_WITHIN = 8.0  # seconds, for another Triton to take over from one that died on a request
LARGE_REQUEST = 32 * 1024  # bytes: a larger one is checked beside the loop, so that small ones don't wait for it
BAD_REQUEST, CLOSED, NOT_READY = 400, 499, 503  # statuses of Triton
_ENSEMBLE = re.compile(r"^in ensemble '[^']*', ")


class Inferences:
    """What both servers do with a request that they could read."""

    def __init__(self, route: Route, metrics: Metrics, limits: Limits, examine: Examine) -> None:
        self.route, self.metrics, self.limits, self._examine = route, metrics, limits, examine

    async def run(self, model: str, version: str, size: int, read: Read, timeout: float | None) -> Mapping[str, Output]:
        """Return the outputs, by name, that a request of `size` bytes wants.

        An inference changes nothing, so that one which a dying Triton didn't answer is asked once more of the next.
        """
        started = time.monotonic()
        ends = started + (LONGEST_WAIT if timeout is None else timeout)
        try:
            return await self._ask(model, version, size, read, started, ends)
        except _Unanswered as unanswered:
            lane, ends = unanswered.lane, unanswered.ends
            if await self._examine(lane) or not await self._has_other(lane, min(ends, time.monotonic() + OTHER_WITHIN)):
                raise _told(unanswered.reply) from None
        try:
            return await self._ask(model, version, size, read, started, ends)
        except _Unanswered as unanswered:
            raise _told(unanswered.reply) from None

    async def _ask(
        self, model: str, version: str, size: int, read: Read, started: float, ends: float
    ) -> Mapping[str, Output]:
        with self.route.enter() as lane:
            contract = lane.generation.contract
            contract.check_model(model, version)

            def checked() -> tuple[Asked, bytes, Collection[str], float | None]:
                wanted = read(contract)
                names = wanted.outputs or [output.name for output in contract.models[model]]
                asked = contract.read(wanted.tensors)
                return asked, question_of(contract, model, wanted.tensors, asked, names), names, wanted.within

            if size > LARGE_REQUEST:
                asked, question, names, within = await asyncio.get_running_loop().run_in_executor(None, checked)
            else:
                asked, question, names, within = checked()
            asyncio.get_running_loop().call_soon(self._count, contract, asked)  # runs while Triton works
            ends = ends if within is None else min(ends, started + within)
            try:
                reply = await lane.generation.ask(question, _left(ends))
            except TimeoutError:
                raise _late() from None
            except ConnectionError:
                raise _Unanswered(lane, ends, None) from None
            if reply.status == OK:
                lane.answered = time.monotonic()
                return outputs_of(contract, model, names, reply)
            if reply.status >= CLOSED:
                raise _Unanswered(lane, ends, reply)
            raise _told(reply)

    async def _has_other(self, lane: Lane, ends: float) -> bool:
        """Wait until another lane is there, or the time is over; return which."""
        while time.monotonic() < ends:
            if self.route.lane is not None and self.route.lane is not lane:
                return True
            await asyncio.sleep(0.02)
        return False

    def _count(self, contract: Contract, asked: Asked) -> None:
        facts = contract.reader.facts
        codes = asked.columns.get(facts["item"])
        if codes is not None:
            is_real = asked.mask if codes.ndim == 2 else np.ones(codes.shape, bool)
            reserved = contract.reader.reserved(facts["item_domain"])
            unknown = int((is_real & (codes >= UNSEEN) & (codes < reserved)).sum())
            if unknown:
                self.metrics.unknown_items.inc(unknown)
        self.metrics.sessions.inc(len(asked.mask))
        empty = int((~asked.mask.any(axis=1)).sum()) if asked.mask.size else 0
        if empty:
            self.metrics.empty_sessions.inc(empty)


class _Unanswered(Exception):
    """A request that a lane didn't answer, for a reason that may be the lane's; no reply where the connection ended."""

    def __init__(self, lane: Lane, ends: float, reply: Reply | None) -> None:
        super().__init__()
        self.lane, self.ends, self.reply = lane, ends, reply


def _left(ends: float) -> float:
    """Return the seconds until a time; a Refusal where none are left."""
    left = ends - time.monotonic()
    if left <= 0:
        raise _late()
    return left


def _late() -> Refusal:
    return Refusal(Reason.TIMED_OUT, "the deadline ended before the answer was there", "deadline")


def _told(reply: Reply | None) -> Refusal:
    """Return what a client may know of a failure of Triton; None is one that ended."""
    status = NOT_READY if reply is None else reply.status
    if reply is not None and status == BAD_REQUEST:
        reason = _ENSEMBLE.sub("", reason_of(reply)) or "the request is not valid"
        return invalid(reason, "refused by the model")
    if status in (CLOSED, NOT_READY):
        return Refusal(Reason.NOT_READY, "the model is starting again, try again soon", "not ready")
    return Refusal(Reason.FAILED, "the model failed on this request", "failed")
