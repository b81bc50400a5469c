"""The way to one Triton: HTTP/1.1 connections that stay open, each with one question at a time; bytes both ways.

A call of `grpc.aio` wakes a second thread for every message, which costs more than all else that the gateway does.
Triton is asked on loopback and by nobody else, so that what it may answer is known: a length, and no chunks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

MOST_CONNECTIONS = 256  # more questions than these wait here, in order: the model is asked one batch at a time anyway
MOST_HEAD = 64 * 1024  # bytes
HEAD_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its HTTP status and its body, of which the first `split` bytes are JSON."""

    status: int
    body: bytes
    split: int


class Upstream:
    """Sends questions to one address; connections are made as they are needed, and kept.

    Every question gets a Reply, a ConnectionError if there is none, or a TimeoutError if it doesn't come in time.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []  # the last that was used is taken first
        self._rests = False
        self._turns = asyncio.Semaphore(MOST_CONNECTIONS)

    async def ask(self, question: bytes, within: float) -> Reply:
        """Return the answer that comes within so many seconds."""
        ends = asyncio.get_running_loop().time() + within
        if self._turns.locked():
            async with asyncio.timeout_at(ends):
                await self._turns.acquire()
        else:
            await self._turns.acquire()  # doesn't wait
        try:
            return await self._ask(question, ends)
        finally:
            self._turns.release()

    async def ask_at_once(self, question: bytes, within: float) -> Reply:
        """Ask without waiting for a turn: to see whether Triton answers at all."""
        return await self._ask(question, asyncio.get_running_loop().time() + within)

    def rest(self) -> None:
        """End the connections on which nothing is under way: a Triton that ends waits for every open one."""
        self._rests = True
        for connection in tuple(self._idle):
            connection.abort()

    def close(self) -> None:
        """End all connections; what is under way gets no answer."""
        for connection in tuple(self._open):
            connection.abort()

    async def _ask(self, question: bytes, ends: float) -> Reply:
        while self._idle:
            connection = self._idle.pop()
            try:
                return await self._talk(connection, question, ends)
            except ConnectionError:
                # One that ended while it rested says nothing of Triton; a new one does.
                if connection.has_begun:
                    raise
        return await self._talk(await self._connect(ends), question, ends)

    async def _talk(self, connection: _Connection, question: bytes, ends: float) -> Reply:
        answer = connection.ask(question)
        timer = asyncio.get_running_loop().call_at(ends, connection.expire)
        try:
            reply = await answer
        except BaseException:
            connection.abort()  # what it would still say belongs to nobody
            raise
        finally:
            timer.cancel()
        if self._rests:
            connection.abort()
        elif connection.is_open:
            self._idle.append(connection)
        return reply

    async def _connect(self, ends: float) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(ends):
                _, connection = await loop.create_connection(lambda: _Connection(self._forget), self._host, self._port)
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionError(str(error)) from None
        self._open.add(connection)
        return connection

    def _forget(self, connection: _Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)


class _Connection(asyncio.Protocol):
    """One connection; what it says unasked, or not as HTTP/1.1 with a length, ends it."""

    def __init__(self, forget: Callable[[_Connection], None]) -> None:
        self._forget = forget
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Reply] | None = None
        self._read = bytearray()
        self._head: tuple[int, int, int, int] | None = None  # status, and where the body begins, splits and ends

    @property
    def is_open(self) -> bool:
        """Whether it can be asked again."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def has_begun(self) -> bool:
        """Whether some of the answer came."""
        return bool(self._read)

    def ask(self, question: bytes) -> asyncio.Future[Reply]:
        """Send a question; return the future of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None:
            self._answer.set_exception(ConnectionResetError("the connection was lost"))
        else:
            self._transport.write(question)
        return self._answer

    def expire(self) -> None:
        """Wait no longer for the answer."""
        self._fail(TimeoutError())

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        self._transport = None
        self._forget(self)
        self._fail(ConnectionResetError("the connection was lost"))

    def data_received(self, data: bytes) -> None:
        """Gather an answer."""
        if self._answer is None or self._answer.done():
            self.abort()
            return
        self._read += data
        if self._head is None:
            try:
                self._head = _head_of(self._read)
            except (ValueError, LookupError):
                self.abort()
                return
            if self._head is None:
                return
        status, begins, splits, ends = self._head
        if len(self._read) >= ends:
            body, is_whole = bytes(memoryview(self._read)[begins:ends]), len(self._read) == ends
            self._answer.set_result(Reply(status, body, splits - begins))
            self._read, self._head = bytearray(), None
            if not is_whole:
                self.abort()

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _head_of(read: bytearray) -> tuple[int, int, int, int] | None:
    """Return the status, and where the body begins, splits and ends; None until the head is there."""
    begins = read.find(HEAD_ENDS)
    if begins < 0:
        if len(read) > MOST_HEAD:
            raise ValueError("the head of an answer is too long")
        return None
    first, *lines = bytes(read[:begins]).split(b"\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(b":") for line in lines)}
    begins += len(HEAD_ENDS)
    size = int(headers[b"content-length"])
    split = int(headers.get(b"inference-header-content-length", size))
    if not 0 <= split <= size:
        raise ValueError("an answer's JSON is longer than its body")
    return int(first.split(b" ", 2)[1]), begins, begins + split, begins + size
