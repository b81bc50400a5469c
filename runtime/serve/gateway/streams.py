"""Requests of HTTP/2 with their answers, the room that they take, and who answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sess.runtime.serve.gateway.frames import Broken, Code

Headers = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Response:
    """Blocks of headers as HPACK writes them, with a body between; without `trailers` the headers are all."""

    headers: bytes
    body: bytes = b""
    trailers: bytes = b""


class Service(Protocol):
    """What answers the requests of a connection."""

    most: int
    """Bytes that the body of one request may have: a stream never gets room for more."""

    def refuse(self, headers: Headers, body: bytearray) -> Response | None:
        """Return the response to a request of which so much has come; None if it may go on."""

    async def answer(self, headers: Headers, body: bytearray) -> Response:
        """Return the response to a whole request."""


@dataclass(slots=True)
class Stream:
    """A request with its answer; `window` is how many bytes of that the client has room for."""

    id: int
    headers: Headers
    window: int
    timer: asyncio.TimerHandle
    body: bytearray = field(default_factory=bytearray)
    held: int = 0  # bytes that came for it, and that the client may not send anew before its end
    is_asked: bool = False
    task: asyncio.Task[None] | None = None
    rest: memoryview | None = None  # of an answer that was begun
    trailers: bytes = b""


class Room:
    """Bytes that a connection's client may send: what is held for its streams is given back when they end."""

    def __init__(self, size: int, step: int) -> None:
        self._left, self._step, self._owed = size, step, 0

    def take(self, size: int) -> None:
        """Take what came; Broken if it is more than the client was told."""
        self._left -= size
        if self._left < 0:
            raise Broken(Code.FLOW_CONTROL_ERROR)

    def give(self, size: int) -> int:
        """Give back what is held no longer; return the bytes to tell the client of, 0 while they are few."""
        self._owed += size
        told = self._owed if self._owed >= self._step else 0
        self._left += told
        self._owed -= told
        return told
