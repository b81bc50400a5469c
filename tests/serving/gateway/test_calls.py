"""Calls that can be refused by their headers: another protocol, or a method that isn't there."""

from __future__ import annotations

import pytest

from sess.runtime.serve.gateway import calls
from sess.runtime.serve.gateway.frames import Flag, Kind, frame, literal
from sess.runtime.serve.gateway.limits import MOST_HEADERS
from tests.serving.gateway.conftest import SERVICE, Gateway
from tests.serving.gateway.framing import HEADERS, Client, headers, message


@pytest.mark.triton
@pytest.mark.parametrize("path", [SERVICE + "ModelStreamInfer", "/grpc.health.v1.Health/Watch"])
def test_a_stream_of_messages_is_refused_before_one_comes(path: str, gateway: Gateway) -> None:
    client = Client(gateway.grpc)
    block = [(name, path.encode() if name == b":path" else value) for name, value in HEADERS]
    client.say(headers(1, block=b"".join(literal(*each) for each in block)))
    answer = client.hear(lambda kind, *_: kind == Kind.HEADERS)[-1][2]
    assert literal(b"grpc-status", b"12") in answer


@pytest.mark.triton
def test_too_many_headers_are_refused_and_their_neighbours_answered(gateway: Gateway) -> None:
    block = [(b":path", (SERVICE + "ServerLive").encode()), *(each for each in HEADERS if each[0] != b":path")]
    few = b"".join(literal(*each) for each in block)
    many = few + literal(b"token", b"x" * MOST_HEADERS)
    client = Client(gateway.grpc)
    client.say(headers(1, block=few))
    client.say(frame(Kind.HEADERS, 0, 3, many[:9000]), frame(Kind.CONTINUATION, Flag.END_HEADERS, 3, many[9000:]))
    client.say(message(1, b""))
    heard = client.hear(
        lambda kind, flags, stream, _: kind == Kind.HEADERS and stream == 1 and bool(flags & Flag.END_STREAM)
    )
    (refused,) = [payload for kind, stream, payload in heard if kind == Kind.HEADERS and stream == 3]
    assert literal(b"grpc-status", b"8") in refused
    assert literal(b"grpc-status", b"0") in heard[-1][2]


@pytest.mark.parametrize(
    ("kind", "is_call"),
    [
        (b"application/grpc", True), (b"application/grpc+proto", True), (b"application/grpc;charset=utf-8", True),
        (b"application/grpc-web", False), (b"application/json", False), (b"", False),
    ],
)  # fmt: skip
def test_a_call_is_known_by_the_type_of_its_content(kind: bytes, is_call: bool) -> None:
    assert calls.is_call({b":method": b"POST", b"content-type": kind}) is is_call
