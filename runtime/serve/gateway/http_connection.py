"""A connection of HTTP/1.1: what is no request is refused in our words, and who has said all still gets the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.web_request import BaseRequest

from sess.runtime.serve.gateway import limits

IDLE_FOR = 75  # seconds, longer than the proxies in front keep a connection that is not used
READS_ON_FOR = 2  # seconds, of a body that was refused


class HttpConnection(web.RequestHandler):
    """Reads requests and has them answered one by one; nothing of what can't be read is logged."""

    def __init__(self, server: web.Server, refuse: Callable[[BaseRequest], web.Response]) -> None:
        super().__init__(
            server, loop=asyncio.get_running_loop(), auto_decompress=False, keepalive_timeout=IDLE_FOR,
            lingering_time=READS_ON_FOR,
        )  # fmt: skip
        self._refuse = refuse
        self._has_said_all = False
        self._timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait for a client that doesn't read no longer than for one over HTTP/2."""
        super().pause_writing()
        if self.transport is not None:
            self._timer = asyncio.get_running_loop().call_later(limits.WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with an answer that is read."""
        super().resume_writing()
        self._forget_time()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wait for nothing more."""
        self._forget_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what was read."""
        super().data_received(data)
        self._end_body(self._current_request)

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio closes a connection unless this is true
        """Return whether something is still to be answered to a client that says no more."""
        self._has_said_all = True
        self._end_body(self._current_request)
        return self._waiter is None or bool(self._messages)

    async def _handle_request(
        self, request: BaseRequest, *rest: Any
    ) -> tuple[web.StreamResponse, bool]:  # the types of the rest are aiohttp's own
        """Answer a request, and close behind the last one of a client that says no more."""
        self._end_body(request)
        answered = await super()._handle_request(request, *rest)
        if self._has_said_all and not self._messages:
            self.close()
        return answered

    def handle_error(self, request: BaseRequest, *_: object, **__: object) -> web.StreamResponse:
        """Return the answer to what couldn't be read."""
        return self._refuse(request)

    def _end_body(self, request: BaseRequest | None) -> None:
        """End a body whose rest will not come, as the client has said all, or something that is no part of it."""
        content = None if request is None else request.content
        if (self._has_said_all or self._messages) and isinstance(content, StreamReader) and not content.is_eof():
            content.feed_eof()

    def _forget_time(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
