"""One connection of HTTP/2 (RFC 9113), seen from a server: streams are answered, and none is lost at the end.

`grpc.aio` takes more than twice as much of a processor for a call, since it wakes another thread for every part of it;
and a call that comes while its server stops is cancelled there, though it was begun. Here a client is first told that
the end is near, and only when it has heard so, which stream is the last that gets an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from hpack import Decoder, HPACKError

from sess.runtime.serve.gateway import frames, limits
from sess.runtime.serve.gateway.frames import MOST_WINDOW, Broken, Code, Flag, Kind, Setting, frame
from sess.runtime.serve.gateway.streams import Response, Room, Service, Stream

NEAR_END = b"near end"  # of a ping


class Connection(asyncio.Protocol):
    """Reads frames, has whole requests answered, and keeps to the room that the client gives."""

    def __init__(self, service: Service, closed: Callable[[Connection], None]) -> None:
        self._service, self._closed = service, closed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._read, self._said = bytearray(), list[bytes]()
        self._decoder = Decoder(max_header_list_size=limits.READS_HEADERS)
        self._streams: dict[int, Stream] = {}
        self._block: tuple[int, int, list[bytes]] | None = None  # stream, flags and headers that aren't whole
        self._most = min(max(limits.ROOM, service.most), MOST_WINDOW)  # bytes of all requests
        self._room = Room(self._most, limits.CREDIT)
        self._timer = self._loop.call_later(limits.WITHIN, self.abort)
        self._last = self._resets = 0
        self._window = self._first_window = frames.FIRST_WINDOW
        self._is_greeted = self._is_over = self._has_left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say what the client may do."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._said.append(frames.greeting(self._service.most, self._most))
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the work for whoever is gone."""
        self._transport = None
        self._timer.cancel()
        for stream in tuple(self._streams.values()):
            self._drop(stream)
        self._closed(self)

    def eof_received(self) -> bool:
        """Answer what was asked before the client said its last."""
        self._is_over = True
        return bool(self._streams) and not self._has_left

    def pause_writing(self) -> None:
        """Read nothing more of a client that doesn't read, and wait for it no longer than for others."""
        if self._transport is not None:
            self._transport.pause_reading()
            self._timer.cancel()
            self._timer = self._loop.call_later(limits.WITHIN, self.abort)

    def resume_writing(self) -> None:
        """Read on."""
        self._timer.cancel()
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Take the frames that are whole."""
        self._read += data
        try:
            if not self._is_greeted:
                if not frames.take_preface(self._read):
                    return
                self._is_greeted = True
                self._timer.cancel()
            for each in frames.take_frames(self._read):
                self._take(*each)
        except Broken as broken:
            self._say_last(broken.code)
            self._write()
            if self._transport is not None:
                self._transport.close()
            return
        self._write()

    def end(self) -> None:
        """Ask for no more streams, and close when those that come before the client has heard so are answered."""
        self._say(Kind.GOAWAY, 0, 0, MOST_WINDOW.to_bytes(4, "big") + bytes(4))
        self._say(Kind.PING, 0, 0, NEAR_END)
        self._write()
        self._loop.call_later(limits.HEARS_WITHIN, self._begin_no_more)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _begin_no_more(self) -> None:
        if not self._is_over:
            self._say_last(Code.NO_ERROR)
            self._is_over = True
            self._leave()

    def _leave(self) -> None:
        """Close an ended connection without streams; what the client still says is read, or TCP would reset it."""
        self._write()
        if self._is_over and not self._streams and self._transport is not None and not self._has_left:
            self._has_left = True
            with contextlib.suppress(OSError):  # the client has reset the connection
                self._transport.write_eof()
            self._loop.call_later(limits.HEARS_WITHIN, self._transport.close)

    def _take(self, kind: int, flags: int, id: int, payload: bytes) -> None:
        if self._block is not None and (kind != Kind.CONTINUATION or id != self._block[0]):
            raise Broken(Code.PROTOCOL_ERROR)
        match kind:
            case Kind.DATA:
                self._take_data(flags, id, payload)
            case Kind.HEADERS:
                block = frames.content_of(flags, payload)
                self._take_headers(id, flags, [block[5:] if flags & Flag.PRIORITY else block])
            case Kind.CONTINUATION:
                if self._block is None:
                    raise Broken(Code.PROTOCOL_ERROR)
                _, first, parts = self._block
                self._take_headers(id, first | flags & Flag.END_HEADERS, [*parts, payload])
            case Kind.RST_STREAM:
                frames.number(payload)
                if id > self._last or not id:
                    raise Broken(Code.PROTOCOL_ERROR)
                self._resets += 1
                if self._resets > limits.MOST_RESETS:
                    raise Broken(Code.ENHANCE_YOUR_CALM)
                if id in self._streams:
                    self._drop(self._streams[id])
            case Kind.SETTINGS:
                if not flags & Flag.ACK:
                    self._take_settings(payload)
            case Kind.PING:
                if len(payload) != len(NEAR_END):
                    raise Broken(Code.FRAME_SIZE_ERROR)
                if not flags & Flag.ACK:
                    self._say(Kind.PING, Flag.ACK, 0, payload)
                elif payload == NEAR_END:
                    self._begin_no_more()
            case Kind.WINDOW_UPDATE:
                self._take_room(id, frames.number(payload))
            case Kind.PUSH_PROMISE:
                raise Broken(Code.PROTOCOL_ERROR)

    def _take_headers(self, id: int, flags: int, parts: list[bytes]) -> None:
        if len(parts) > limits.MOST_PARTS or sum(map(len, parts)) > limits.READS_HEADERS:
            raise Broken(Code.ENHANCE_YOUR_CALM)
        self._block = None if flags & Flag.END_HEADERS else (id, flags, parts)
        if self._block:
            return
        try:
            fields = {bytes(name): bytes(value) for name, value in self._decoder.decode(b"".join(parts), raw=True)}
        except HPACKError:
            raise Broken(Code.COMPRESSION_ERROR) from None
        if not id % 2:
            raise Broken(Code.PROTOCOL_ERROR)
        if id <= self._last:
            self._take_data(Flag.END_STREAM, id, b"")  # trailers, or what a refused stream had still to say
            return
        if self._is_over:  # the client knows that nobody looks at this stream, and may ask another server
            return
        self._last = id
        if len(self._streams) >= limits.MOST_STREAMS:
            self._say(Kind.RST_STREAM, 0, id, Code.REFUSED_STREAM.to_bytes(4, "big"))
            return
        timer = self._loop.call_later(limits.WITHIN, self._give_up, id)
        self._streams[id] = Stream(id, fields, self._first_window, timer)
        self._take_data(flags & Flag.END_STREAM, id, b"")

    def _take_data(self, flags: int, id: int, payload: bytes) -> None:
        self._room.take(len(payload))
        if not id or (id > self._last and not self._is_over):
            raise Broken(Code.PROTOCOL_ERROR)
        stream = self._streams.get(id)
        if stream is None:  # it was answered before its end
            self._give(len(payload))
            return
        if stream.is_asked:
            raise Broken(Code.STREAM_CLOSED)
        stream.held += len(payload)
        stream.body += frames.content_of(flags, payload)
        stream.is_asked = bool(flags & Flag.END_STREAM)
        refusal = self._service.refuse(stream.headers, stream.body)
        if refusal is not None:
            self._respond(stream, refusal)
        elif stream.is_asked:
            stream.timer.cancel()
            stream.task = self._loop.create_task(self._answer(stream))

    def _take_settings(self, payload: bytes) -> None:
        for key, value in frames.settings_of(payload):
            if key == Setting.INITIAL_WINDOW_SIZE:
                more, self._first_window = value - self._first_window, value
                for stream in tuple(self._streams.values()):
                    self._widen(stream, more)
        self._say(Kind.SETTINGS, Flag.ACK, 0)

    def _take_room(self, id: int, more: int) -> None:
        if not more:
            raise Broken(Code.PROTOCOL_ERROR)
        if id:
            if id in self._streams:
                self._widen(self._streams[id], more)
            return
        self._window += more
        if self._window > MOST_WINDOW:
            raise Broken(Code.FLOW_CONTROL_ERROR)
        for stream in tuple(self._streams.values()):
            self._send(stream)

    def _widen(self, stream: Stream, more: int) -> None:
        stream.window += more
        if stream.window > MOST_WINDOW:
            raise Broken(Code.FLOW_CONTROL_ERROR)
        self._send(stream)

    async def _answer(self, stream: Stream) -> None:
        response = await self._service.answer(stream.headers, stream.body)
        self._respond(stream, response)
        self._write()

    def _respond(self, stream: Stream, response: Response) -> None:
        is_all = not response.trailers
        self._say(Kind.HEADERS, Flag.END_HEADERS | (Flag.END_STREAM if is_all else 0), stream.id, response.headers)
        if is_all:
            self._finish(stream)
            return
        stream.rest, stream.trailers = memoryview(response.body), response.trailers
        stream.timer.cancel()
        stream.timer = self._loop.call_later(limits.WITHIN, self._give_up, stream.id)
        self._send(stream)

    def _send(self, stream: Stream) -> None:
        """Send as much of an answer as there is room for, and its trailers behind all of it."""
        if stream.rest is None:
            return
        while stream.rest and (room := min(stream.window, self._window, frames.MOST_PAYLOAD)) > 0:
            part, stream.rest = stream.rest[:room], stream.rest[room:]
            self._say(Kind.DATA, 0, stream.id, part)
            stream.window -= len(part)
            self._window -= len(part)
        if not stream.rest:
            self._say(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream.id, stream.trailers)
            self._finish(stream)

    def _finish(self, stream: Stream) -> None:
        if not stream.is_asked:  # the client may stop to send
            self._say(Kind.RST_STREAM, 0, stream.id, Code.NO_ERROR.to_bytes(4, "big"))
        self._resets = max(0, self._resets - 1)
        self._forget(stream)
        if self._is_over:
            self._leave()

    def _give_up(self, id: int) -> None:
        """Wait no longer for the rest of a request, or for room for its answer."""
        self._say(Kind.RST_STREAM, 0, id, Code.CANCEL.to_bytes(4, "big"))
        self._drop(self._streams[id])

    def _drop(self, stream: Stream) -> None:
        """End the work for a stream that nobody waits for."""
        self._forget(stream)
        if stream.task is not None:
            stream.task.cancel()
        self._leave()

    def _forget(self, stream: Stream) -> None:
        stream.timer.cancel()
        del self._streams[stream.id]
        self._give(stream.held)

    def _give(self, size: int) -> None:
        told = self._room.give(size)
        if told:
            self._say(Kind.WINDOW_UPDATE, 0, 0, told.to_bytes(4, "big"))

    def _say_last(self, code: Code) -> None:
        self._say(Kind.GOAWAY, 0, 0, self._last.to_bytes(4, "big") + code.to_bytes(4, "big"))

    def _say(self, kind: Kind, flags: int, id: int, payload: bytes | memoryview = b"") -> None:
        self._said.append(frame(kind, flags, id, payload))

    def _write(self) -> None:
        if self._said and self._transport is not None and not self._has_left:
            self._transport.write(b"".join(self._said))
        self._said.clear()
