"""One inference, whatever its protocol: checked by the contract, sent to Triton, its failures told without a trace."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
import numpy as np

from sess.runtime.serve.gateway.contract import Array, Contract, Limits
from sess.runtime.serve.gateway.metrics import Metrics
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid
from sess.runtime.serve.gateway.route import Lane, Route
from sess.runtime.steps.request import Asked
from sess.runtime.steps.transform import UNSEEN

Message = Any  # protobuf's messages have no types here

Examine = Callable[[Lane], Awaitable[bool]]
"""Returns whether a lane answers; one that doesn't is replaced."""

LONGEST_WAIT = 60.0  # seconds for one answer, where the client says no deadline
OTHER_WITHIN = 8.0  # seconds, for another Triton to take over from one that died on a request
LARGE_REQUEST = 32 * 1024  # bytes: a larger one is checked beside the loop, so that small ones don't wait for it
SUSPICIOUS = (
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
    grpc.StatusCode.ABORTED,
)  # fmt: skip
_ENSEMBLE = re.compile(r"^in ensemble '[^']*', ")


class Inferences:
    """What both servers do with a request that they could read."""

    def __init__(self, route: Route, metrics: Metrics, limits: Limits, examine: Examine) -> None:
        self.route, self.metrics, self.limits, self._examine = route, metrics, limits, examine

    async def run(
        self,
        model: str,
        version: str,
        size: int,
        read: Callable[[Contract], tuple[Mapping[str, Array], Message]],
        timeout: float | None,
    ) -> Message:
        """Return Triton's answer to a request of `size` bytes; `read` gives its tensors, and the message for Triton.

        An inference changes nothing, so that one which a dying Triton didn't answer is asked once more of the next.
        """
        ends = time.monotonic() + (LONGEST_WAIT if timeout is None else timeout)
        try:
            return await self._ask(model, version, size, read, ends)
        except _Unanswered as unanswered:
            lane = unanswered.lane
            if await self._examine(lane) or not await self._has_other(lane, min(ends, time.monotonic() + OTHER_WITHIN)):
                raise _told(unanswered.error) from None
        try:
            return await self._ask(model, version, size, read, ends)
        except _Unanswered as unanswered:
            raise _told(unanswered.error) from None

    async def _ask(
        self,
        model: str,
        version: str,
        size: int,
        read: Callable[[Contract], tuple[Mapping[str, Array], Message]],
        ends: float,
    ) -> Message:
        with self.route.enter() as lane:
            contract = lane.generation.contract
            contract.check_model(model, version)

            def checked() -> tuple[Asked, Message]:
                tensors, message = read(contract)
                return contract.read(tensors), message

            if size > LARGE_REQUEST:
                asked, message = await asyncio.get_running_loop().run_in_executor(None, checked)
            else:
                asked, message = checked()
            self._count(contract, asked)
            try:
                answer = await lane.generation.infer(message, max(0.001, ends - time.monotonic()))
            except grpc.aio.AioRpcError as error:
                if error.code() in SUSPICIOUS:
                    raise _Unanswered(lane, error) from None
                raise _told(error) from None
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise  # the client went away
                raise _Unanswered(lane, None) from None  # the lane was closed under the request
            lane.answered = time.monotonic()
            return answer

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
    """A request that a lane didn't answer, for a reason that may be the lane's."""

    def __init__(self, lane: Lane, error: grpc.aio.AioRpcError | None) -> None:
        super().__init__()
        self.lane, self.error = lane, error


def _told(error: grpc.aio.AioRpcError | None) -> Refusal:
    """Return what a client may know of a failure of Triton; None is one that was ended."""
    match grpc.StatusCode.CANCELLED if error is None else error.code():
        case grpc.StatusCode.INVALID_ARGUMENT:
            return invalid(
                _ENSEMBLE.sub("", (error and error.details()) or "the request is not valid"), "refused by the model"
            )
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return Refusal(Reason.TIMED_OUT, "the deadline ended before the answer was there", "deadline")
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
            return Refusal(Reason.NOT_READY, "the model is starting again, try again soon", "not ready")
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return Refusal(Reason.TOO_LARGE, "the answer is too large, ask for fewer sessions", "too large")
    return Refusal(Reason.FAILED, "the model failed on this request", "failed")
