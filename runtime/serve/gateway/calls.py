"""A gRPC call as it travels over HTTP/2: its headers, its message behind a length, and its status at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from sess.runtime.serve.gateway import limits
from sess.runtime.serve.gateway.frames import literal
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid
from sess.runtime.serve.gateway.streams import Headers, Response
from sess.runtime.serve.gateway.unpack import ENCODINGS, unpack

OVERHEAD = 32  # bytes, for which a header counts beside its name and value (RFC 9113, 6.5.2)
PREFIX = 5  # bytes before a message: whether it is compressed, and its length
CODES = {
    "OK": 0, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5, "RESOURCE_EXHAUSTED": 8,
    "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14,
}  # fmt: skip
LONGEST_MESSAGE = 4096  # bytes of a status' words: clients refuse headers of more than 8 KiB
PLAIN = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")

_SECONDS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_STATUS_200 = b"\x88"  # by its place in HPACK's table
_ENCODINGS = tuple(name.encode() for name in ENCODINGS)
_ACCEPTED = literal(b"grpc-accept-encoding", b",".join(_ENCODINGS))
_HEAD = _STATUS_200 + literal(b"content-type", b"application/grpc") + _ACCEPTED
_OK = literal(b"grpc-status", b"0")
NO_GRPC = Response(literal(b":status", b"415"))


@dataclass(frozen=True, slots=True)
class Call:
    """What the headers of a call say; `timeout` is in seconds, None where the client waits for ever."""

    timeout: float | None
    is_compressed: bool


def is_call(headers: Headers) -> bool:
    """Whether a request is one of gRPC."""
    # `application/grpc-web` is another protocol: its status doesn't stand in trailers.
    kind = headers.get(b"content-type", b"").partition(b";")[0].partition(b"+")[0].strip()
    return headers.get(b":method") == b"POST" and kind == b"application/grpc"


def read_call(headers: Headers) -> Call:
    """Return the call of its headers; a Refusal where they can't be read."""
    encoding = headers.get(b"grpc-encoding", b"identity")
    if encoding not in (b"identity", *_ENCODINGS):
        raise Refusal(Reason.NO_METHOD, "messages are read plain, or by gzip or deflate", "content encoding")
    return Call(_timeout(headers), encoding in _ENCODINGS)


def text_of(headers: Headers, name: bytes, most: int) -> str:
    """Return a header as a text that can be logged and sent back; empty if it isn't there, or isn't one."""
    value = headers.get(name, b"")
    return value.decode() if len(value) <= most and value.isascii() and value.decode().isprintable() else ""


def check_headers(headers: Headers) -> None:
    """Refuse a call with more headers than clients were told of; its connection, which others share, goes on."""
    size = sum(len(name) + len(value) + OVERHEAD for name, value in headers.items())
    if size > limits.MOST_HEADERS:
        message = f"the headers have {size:,} bytes, they may have {limits.MOST_HEADERS:,}"
        raise Refusal(Reason.TOO_LARGE, message, "headers too large")


def check_size(body: bytearray, most: int) -> None:
    """Refuse a message that says, or has, more bytes than it may."""
    if len(body) < PREFIX:
        return
    size = int.from_bytes(body[1:PREFIX], "big")
    if size > most:
        raise Refusal(Reason.TOO_LARGE, f"the message has {size:,} bytes, it may have {most:,}", "body too large")
    if len(body) > PREFIX + size:
        raise invalid("a call has one message, this has more", "bad message")


def message_of(call: Call, body: bytearray, most: int) -> bytes:
    """Return the message of a call's whole body."""
    if len(body) < PREFIX or len(body) != PREFIX + int.from_bytes(body[1:PREFIX], "big"):
        raise invalid("the call ends before its message", "short body")
    packed = bytes(memoryview(body)[PREFIX:])
    if body[0] > 1 or (body[0] and not call.is_compressed):
        raise invalid("the message is compressed by no `grpc-encoding`", "bad message")
    return unpack(packed, most) if body[0] else packed


def answer(message: bytes) -> Response:
    """Return the response that holds a message."""
    return Response(_HEAD, b"\0" + len(message).to_bytes(4, "big") + message, _OK)


def refusal(code: str, message: str, metadata: Mapping[bytes, str]) -> Response:
    """Return the response of a status other than OK, with what a client may know beside it."""
    words = quote(message, safe=PLAIN).encode()[:LONGEST_MESSAGE]
    said = literal(b"grpc-status", b"%d" % CODES[code]) + literal(b"grpc-message", words)
    return Response(_HEAD + said + b"".join(literal(name, value.encode()) for name, value in metadata.items()))


def _timeout(headers: Headers) -> float | None:
    said = headers.get(b"grpc-timeout")
    if said is None:
        return None
    count, unit = said[:-1], said[-1:]
    if not count.isdigit() or len(count) > 8 or unit not in _SECONDS:
        raise invalid("`grpc-timeout` is no time", "bad timeout")
    return int(count) * _SECONDS[unit]
