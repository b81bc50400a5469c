"""What a client of HTTP/2 may take at most: messages, room, streams and time."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import grpc
import pytest

from sess.runtime.serve.gateway import limits
from sess.runtime.serve.gateway.frames import Code, Kind, frame
from sess.runtime.serve.gateway.limits import CREDIT, MOST_STREAMS
from tests.serving.gateway.framing import LONGEST, Client, Server, headers, message, running

OPTIONS = [("grpc.max_send_message_length", -1)]


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as found:
        yield found


@pytest.mark.parametrize("way", [None, grpc.Compression.Gzip])
def test_a_message_that_is_too_long_is_refused(way: grpc.Compression | None, server: Server) -> None:
    with (
        grpc.insecure_channel(f"127.0.0.1:{server.port}", options=OPTIONS) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        channel.unary_unary("/a/b")(bytes(LONGEST + 1), compression=way, timeout=10)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_what_was_answered_may_be_sent_again(server: Server) -> None:
    client = Client(server.port)
    content = bytes(16_000)
    count = -(-CREDIT // (len(content) + 5))
    client.hear(lambda kind, *_: kind == Kind.WINDOW_UPDATE)
    client.say(frame(Kind.SETTINGS, 0, 0, b"\0\4\0\x0f\xff\xff"), frame(Kind.WINDOW_UPDATE, 0, 0, b"\0\xff\xff\xff"))
    client.say(*(headers(2 * i + 1) + message(2 * i + 1, content) for i in range(count)))
    heard = client.hear(lambda kind, *_: kind == Kind.WINDOW_UPDATE)[-1]
    assert heard == (Kind.WINDOW_UPDATE, 0, (count * (len(content) + 5)).to_bytes(4, "big"))


def test_requests_without_an_end_get_no_more_room_than_a_connection_has(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOM", 1 << 16)
    client = Client(server.port)
    begun, sent = b"\0" + LONGEST.to_bytes(4, "big") + bytes(16_000), 0
    monkeypatch.setattr(limits, "MOST_STREAMS", 1000)
    while sent <= LONGEST:  # each has room for so much, all together have not
        stream = 2 * sent // len(begun) + 1
        client.say(headers(stream), frame(Kind.DATA, 0, stream, begun))
        sent += len(begun)
    kind, _, payload = client.hear()[-1]
    assert (kind, Code(int.from_bytes(payload[4:], "big"))) == (Kind.GOAWAY, Code.FLOW_CONTROL_ERROR)


def test_an_answer_that_nobody_takes_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WITHIN", 0.05)
    client = Client(server.port)
    client.say(frame(Kind.SETTINGS, 0, 0, b"\0\4\0\0\0\0"), headers(1), message(1))  # a window without room
    heard = client.hear(lambda kind, *_: kind == Kind.RST_STREAM)
    assert heard[-1] == (Kind.RST_STREAM, 1, Code.CANCEL.to_bytes(4, "big"))


def test_who_says_nothing_is_let_go(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WITHIN", 0.05)
    silent = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    while silent.recv(1 << 16):  # until it is closed
        pass


def test_one_stream_too_many_is_refused_and_the_others_are_not(server: Server) -> None:
    client = Client(server.port)
    client.say(*(headers(2 * i + 1) for i in range(MOST_STREAMS + 1)))
    heard = client.hear(lambda kind, *_: kind == Kind.RST_STREAM)
    assert heard[-1] == (Kind.RST_STREAM, 2 * MOST_STREAMS + 1, Code.REFUSED_STREAM.to_bytes(4, "big"))
    client.say(message(1))
    assert client.hear(lambda kind, *_: kind == Kind.DATA)[-1][1] == 1


def test_a_request_that_does_not_come_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WITHIN", 0.05)
    client = Client(server.port)
    client.say(headers(1))
    heard = client.hear(lambda kind, *_: kind == Kind.RST_STREAM)
    assert heard[-1] == (Kind.RST_STREAM, 1, Code.CANCEL.to_bytes(4, "big"))
