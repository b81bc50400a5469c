"""Keeps an artifact answered: starts its Triton, watches it, replaces what fails, and swaps artifacts without a gap."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from sess.compiler.failures import Failure, RunFailed
from sess.runtime.serve.gateway.contract import Limits
from sess.runtime.serve.gateway.log import Log
from sess.runtime.serve.gateway.metrics import Metrics
from sess.runtime.serve.gateway.route import Lane, Route, drained
from sess.runtime.serve.generation import Served, Staged, start
from sess.runtime.serve.triton import Triton

LOOKS_EVERY = 0.4  # seconds
ANSWERS_WITHIN = 1.0  # seconds, for one golden session
AGAIN_WITHIN = 0.3  # seconds, for the second question, where users got answers while the first waited
SPARE_WITHIN = 3.0  # seconds, for the same of a spare, which has time
SILENT_FOR = 1.2  # seconds without any answer, after which a server that doesn't answer a golden session is frozen
LONGEST_BATCH = 60.0  # seconds without any answer, after which a server that computes is taken for frozen too
WATCHED_FOR, LEAST_WORK = 0.5, 0.02  # seconds, and how long a server computes in them that isn't frozen
DRAINS_WITHIN = 30.0  # seconds, for what is under way in an artifact that was replaced
SLOWEST = 10.0  # times as slow as what is served: a candidate that is slower never gets a request
SLOW_FROM = 0.05  # seconds: below this no candidate is called slow
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)  # seconds before the next try to start a server that failed


class Supervisor:
    """The generations of one server: the one that answers, a spare one of the same artifact, and the one before."""

    def __init__(
        self, route: Route, metrics: Metrics, log: Log, limits: Limits, *, has_spare: bool, relays: bool
    ) -> None:
        self.route, self.metrics, self.log, self._limits = route, metrics, log, limits
        self._has_spare, self._relays = has_spare, relays
        self._is_over = threading.Event()
        self._spare: Served | None = None
        self._staged: Staged | None = None
        self._before: Staged | None = None
        self._swap = asyncio.Lock()
        self._replacing: Lane | None = None
        self._examined: dict[int, asyncio.Task[bool]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._first: asyncio.Task[None] | None = None
        self._running: set[Served] = set()

    @property
    def staged(self) -> Staged:
        """The artifact that is served."""
        assert self._staged is not None
        return self._staged

    def begin(self, artifact: Path) -> asyncio.Task[None]:
        """Begin to serve a first artifact; the task fails with Misused or RunFailed if it can't be served."""
        self._first = asyncio.get_running_loop().create_task(self._begin(artifact))
        return self._first

    async def _begin(self, artifact: Path) -> None:
        staged = await asyncio.to_thread(Staged.of, artifact, self._is_over, self._limits)
        try:
            served = await self._start(staged)
        except BaseException:
            staged.remove()
            raise
        if served is None:
            staged.remove()
            return
        self._take(staged, served)
        self._spawn(self._watch())
        self._spawn(self._make_spare())

    async def publish(self, artifact: Path) -> str:
        """Serve another artifact of the same spec once it has proven itself; return what was done."""
        async with self._swap:
            staged = await asyncio.to_thread(Staged.of, artifact, self._is_over, self._limits)
            if staged.digest == self.staged.digest:
                staged.remove()
                return f"{staged.program.name} {staged.digest[:12]} is what is served already"
            try:
                return await self._swap_to(staged)
            except BaseException:
                staged.remove()
                raise

    async def rollback(self) -> str:
        """Serve the artifact before again; RunFailed if there is none, and it stays the one before if it can't be."""
        async with self._swap:
            if self._before is None:
                raise RunFailed("there is no artifact before the one that is served", "nothing was published yet")
            return await self._swap_to(self._before)

    async def examine(self, lane: Lane) -> bool:
        """Return whether a lane answers; one that doesn't is replaced. Callers at one time share one look."""
        key = id(lane)
        if key not in self._examined:
            self._examined[key] = self._spawn(self._look(lane))
            self._examined[key].add_done_callback(lambda _: self._examined.pop(key, None))
        return await asyncio.shield(self._examined[key])

    async def end(self) -> None:
        """Stop every Triton and remove what was staged; what begins when the server ends gives up and is waited for."""
        self._is_over.set()
        if self._first is not None:
            await asyncio.gather(self._first, return_exceptions=True)
        async with self._swap:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self.route.flip(None)
        await asyncio.gather(*(self._stop(served) for served in list(self._running)))
        for staged in (self._staged, self._before):
            if staged is not None:
                staged.remove()

    async def _swap_to(self, staged: Staged) -> str:
        """Flip to a staged artifact if it is of the same spec, answers rightly, and isn't far slower."""
        name, serving = staged.program.name, self.staged.program.name
        try:
            if name != serving:
                raise RunFailed(f"`{name}` is another spec than `{serving}`, which is served", "start a server for it")
            served = await self._start(staged)
            if served is None:
                raise RunFailed("the server is ending")
            try:
                await self._compare(served)
            except BaseException:
                await self._stop(served, at_once=True)
                raise
        except BaseException as error:
            self.metrics.swaps.labels("refused").inc()
            self.log.event("swap refused", artifact=staged.digest[:12], reason=str(error))
            raise
        old, before = self._take(staged, served), self._before
        self._before = old
        if before is not None and before is not staged:
            before.remove()
        self.metrics.swaps.labels("done").inc()
        spare, self._spare = self._spare, None
        if spare is not None:
            self._spawn(self._stop(spare))
        self._spawn(self._make_spare())
        return f"{name} {staged.digest[:12]} is served; {old.digest[:12] if old else 'nothing'} drains"

    def _take(self, staged: Staged, served: Served) -> Staged | None:
        """Let requests go to a generation from here on; return the artifact that was served before."""
        old, self._staged = self._staged, staged
        lane = self.route.flip(served)
        if lane is not None:
            self._spawn(self._retire(lane))
        self.metrics.ready.set(1)
        if old is not None:
            self.metrics.artifact.labels(old.program.name, old.digest[:12]).set(0)
        self.metrics.artifact.labels(staged.program.name, staged.digest[:12]).set(1)
        self.log.event("serving", name=staged.program.name, artifact=staged.digest[:12])
        return old

    async def _retire(self, lane: Lane) -> None:
        """Stop a generation that gets no more requests, when it is idle."""
        assert isinstance(lane.generation, Served)
        if not await drained(lane, DRAINS_WITHIN):
            self.log.event("drain cut", under_way=lane.under_way)
        await self._stop(lane.generation)

    async def _compare(self, candidate: Served) -> None:
        """Raise RunFailed if a candidate is far slower than what is served."""
        lane = self.route.lane
        if lane is None or not isinstance(lane.generation, Served):
            return
        ours, theirs = await lane.generation.seconds(), await candidate.seconds()
        if theirs > max(SLOWEST * ours, SLOW_FROM):
            message = f"it takes {theirs * 1000:.0f} ms for a golden session, what is served takes {ours * 1000:.0f} ms"
            raise RunFailed(message, "it was not published")

    async def _start(self, staged: Staged) -> Served | None:
        """Return a Triton that serves; None if the server ends. One that is cancelled is waited for and stopped."""
        starting = asyncio.ensure_future(asyncio.to_thread(start, staged, self._is_over, relays=self._relays))
        try:
            triton = await asyncio.shield(starting)
        except asyncio.CancelledError:
            (late,) = await asyncio.gather(starting, return_exceptions=True)
            if isinstance(late, Triton):
                await asyncio.to_thread(late.stop)
            raise
        if triton is None:
            return None
        served = Served(staged, triton)
        self._running.add(served)
        return served

    async def _stop(self, served: Served, *, at_once: bool = False) -> None:
        await (served.kill() if at_once else served.stop())
        self._running.discard(served)

    async def _make_spare(self) -> None:
        """Start a second Triton of the artifact, which takes over when the first fails."""
        if not self._has_spare or self._spare is not None:
            return
        staged = self.staged
        try:
            served = await self._start(staged)
        except (Failure, OSError) as error:
            self.log.event("spare failed", reason=str(error))
            return
        if served is not None and staged is self._staged and self._spare is None:
            self._spare = served
            self.log.event("spare ready", artifact=staged.digest[:12])
        elif served is not None:
            await self._stop(served)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            lane = self.route.lane
            if lane is not None:
                await self.examine(lane)
            spare = self._spare
            if spare is not None and not await spare.is_well(SPARE_WITHIN) and spare is self._spare:
                self._spare = None
                self.log.event("spare replaced", artifact=self.staged.digest[:12])
                self._spawn(self._stop(spare, at_once=True))
                self._spawn(self._make_spare())

    async def _look(self, lane: Lane) -> bool:
        """Ask a golden session twice at the most; replace a lane that doesn't answer."""
        served = lane.generation
        assert isinstance(served, Served)
        for within in (ANSWERS_WITHIN, AGAIN_WITHIN):
            if lane is not self.route.lane:
                return False
            if await served.is_well(within):
                lane.answered = time.monotonic()
                return True
            # A busy server answers others while the golden session waits in its queue.
            if time.monotonic() - lane.answered < SILENT_FOR and not served.triton.is_over:
                await asyncio.sleep(0.05)
                continue
            break
        if lane is self.route.lane and lane is not self._replacing:
            if await self._works(lane, served):
                return True
            self._replacing = lane
            self._spawn(self._replace(lane))
        return False

    async def _works(self, lane: Lane, served: Served) -> bool:
        """Return whether a server that leaves golden sessions unanswered is slow, not dead: it answers, or computes."""
        seen, computed = lane.answered, served.triton.computed()
        ends = time.monotonic() + WATCHED_FOR
        while not served.triton.is_over and time.monotonic() < min(ends, seen + LONGEST_BATCH):
            await asyncio.sleep(0.1)
            if lane.answered > seen or served.triton.computed() - computed >= LEAST_WORK:
                return True
        return False

    async def _replace(self, lane: Lane) -> None:
        """Let a spare take over from a lane that fails, or start another Triton; the artifact stays the same."""
        served = lane.generation
        assert isinstance(served, Served)
        self.metrics.restarts.inc()
        self.log.event("replacing", artifact=self.staged.digest[:12], reason=served.triton.last_word())
        spare, self._spare = self._spare, None
        if spare is not None and not spare.triton.is_over:  # it answered a moment ago, and is watched from here on
            self.route.flip(spare)
        else:
            self.metrics.ready.set(0)
            self.route.flip(None)
        await self._stop(served, at_once=True)
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            if self.route.lane is not None:
                break
            await asyncio.sleep(pause)
            try:
                fresh = await self._start(self.staged)
            except (Failure, OSError) as error:
                self.log.event("start failed", reason=str(error))
                continue
            if fresh is None:
                return
            if not self.route.offer(fresh):  # another artifact was published meanwhile
                await self._stop(fresh)
                break
            self.metrics.ready.set(1)
        self._replacing = None
        self.log.event("serving", name=self.staged.program.name, artifact=self.staged.digest[:12])
        await self._make_spare()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
