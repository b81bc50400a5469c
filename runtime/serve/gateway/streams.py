"""Requests of HTTP/2 with their answers, and who answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

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
    is_asked: bool = False
    task: asyncio.Task[None] | None = None
    rest: memoryview | None = None  # of an answer that was begun
    trailers: bytes = b""
