"""A small service behind HTTP/2, in a thread, and a client that says what it likes, frame by frame."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sess.runtime.serve.gateway import calls
from sess.runtime.serve.gateway.frames import PREFACE, Flag, Frame, Kind, frame, literal, take_frames
from sess.runtime.serve.gateway.http2 import Connection
from sess.runtime.serve.gateway.listening import Door
from sess.runtime.serve.gateway.refusal import Refusal
from sess.runtime.serve.gateway.streams import Headers, Response
from tests.serving.gateway.conftest import free_port

LONGEST = 4 * 2**20  # bytes
WAITS = b"wait"
HEADERS = ((b":method", b"POST"), (b":path", b"/a/b"), (b"content-type", b"application/grpc"))
BLOCK = b"".join(literal(name, value) for name, value in HEADERS)


class Echo:
    """Answers a call with its message; one that says so waits until it is let go, and another for ever."""

    most = calls.PREFIX + LONGEST

    def __init__(self) -> None:
        self.begun, self.cancelled = threading.Event(), threading.Event()
        self.goes_on = asyncio.Event()
        self.bugs: list[object] = []

    def refuse(self, headers: Headers, body: bytearray) -> Response | None:
        """Refuse what is no call, and what is too long."""
        try:
            calls.check_size(body, LONGEST)
        except Refusal as refused:
            return calls.refusal(refused.reason.value.grpc, refused.message, {})
        return None if calls.is_call(headers) else calls.NO_GRPC

    async def answer(self, headers: Headers, body: bytearray) -> Response:
        """Answer with the same."""
        try:
            message = calls.message_of(calls.read_call(headers), body, LONGEST)
        except Refusal as refused:
            return calls.refusal(refused.reason.value.grpc, refused.message, {})
        if message == WAITS:
            self.begun.set()
            try:
                await self.goes_on.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return calls.answer(message)


class Server:
    """The service with its connections, in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.service = Echo()
        self.loop.set_exception_handler(lambda _, said: self.service.bugs.append(said))
        self.connections: set[Connection] = set()
        self.door = Door(self._connect)
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.port = free_port()
        asyncio.run_coroutine_threadsafe(self.door.open("127.0.0.1", self.port), self.loop).result(10)

    def _connect(self) -> Connection:
        connection = Connection(self.service, self.connections.discard)
        self.connections.add(connection)
        return connection

    def do(self, work: Callable[[], object]) -> None:
        """Do something in the loop."""
        self.loop.call_soon_threadsafe(work)

    def end(self) -> None:
        """Tell every connection of the end."""
        self.do(lambda: [each.end() for each in tuple(self.connections)])


@contextmanager
def running() -> Iterator[Server]:
    """Run the service; nothing may have gone wrong in it unseen."""
    found = Server()
    yield found
    found.do(found.loop.stop)
    assert found.service.bugs == []


class Client:
    """A client that says what it likes, frame by frame."""

    def __init__(self, port: int, preface: bytes = PREFACE) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._read, self._frames = bytearray(), deque[Frame]()
        self.say(preface + frame(Kind.SETTINGS, 0, 0))

    def say(self, *frames: bytes) -> None:
        """Send frames."""
        self.socket.sendall(b"".join(frames))

    def hear(self, until: Callable[[int, int, int, bytes], bool] = lambda *_: False) -> list[tuple[int, int, bytes]]:
        """Return kind, stream and payload of all frames up to a certain one, or to the end."""
        found = []
        while True:
            while self._frames:  # what came with the one that is looked for is for the next time
                kind, flags, stream, payload = self._frames.popleft()
                found.append((kind, stream, payload))
                if until(kind, flags, stream, payload):
                    return found
            said = self.socket.recv(1 << 16)
            if not said:
                return found
            self._read += said
            self._frames.extend(take_frames(self._read))


def headers(stream: int, flags: int = Flag.END_HEADERS, block: bytes = BLOCK) -> bytes:
    """Return the headers of a call."""
    return frame(Kind.HEADERS, flags, stream, block)


def message(stream: int, content: bytes = b"hello", flags: int = Flag.END_STREAM) -> bytes:
    """Return a message that ends its call."""
    return frame(Kind.DATA, flags, stream, b"\0" + len(content).to_bytes(4, "big") + content)
