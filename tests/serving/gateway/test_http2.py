"""HTTP/2 before a small service: what clients of gRPC may do, what no client may, and the end of a server."""

from __future__ import annotations

import random
import socket
import zlib
from collections.abc import Iterator

import grpc
import pytest
from hpack import Encoder

from sess.runtime.serve.gateway import calls, limits
from sess.runtime.serve.gateway.frames import Code, Flag, Kind, frame
from sess.runtime.serve.gateway.http2 import NEAR_END
from sess.runtime.serve.gateway.limits import MOST_PARTS, MOST_RESETS
from tests.serving.gateway.framing import BLOCK, WAITS, Client, Server, headers, message, running

END = Flag.END_STREAM | Flag.END_HEADERS


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    with running() as found:
        yield found


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def caller(channel: grpc.Channel) -> grpc.UnaryUnaryMultiCallable:
    """Return what calls the service."""
    return channel.unary_unary("/a/b")


def open_channel(server: Server) -> grpc.Channel:
    """Return a channel of grpc's own."""
    return grpc.insecure_channel(f"127.0.0.1:{server.port}", options=[("grpc.max_send_message_length", -1)])


def test_small_answers_wait_for_no_acknowledgement(server: Server) -> None:
    client = Client(server.port)  # held, since what is collected hangs up
    client.hear(lambda kind, *_: kind == Kind.SETTINGS)
    (connection,) = server.connections
    assert connection._transport is not None
    assert connection._transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_message_longer_than_any_window_comes_back_whole(shared_server: Server) -> None:
    content = random.Random(0).randbytes(3 * 2**20)
    with open_channel(shared_server) as channel:
        assert caller(channel)(content, timeout=30) == content


def test_calls_beside_each_other_get_their_own_answers(shared_server: Server) -> None:
    with open_channel(shared_server) as channel:
        contents = [bytes([i]) * 40_000 for i in range(100)]
        begun = [caller(channel).future(content, timeout=30) for content in contents]
        assert [each.result() for each in begun] == contents


@pytest.mark.parametrize("way", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_compressed_message_is_read(way: grpc.Compression, shared_server: Server) -> None:
    with open_channel(shared_server) as channel:
        assert caller(channel)(b"ab" * 10_000, compression=way, timeout=10) == b"ab" * 10_000


def test_who_is_refused_early_may_stop_to_send(shared_server: Server) -> None:
    client = Client(shared_server.port)
    client.say(headers(1), frame(Kind.DATA, 0, 1, b"\0\xff\xff\xff\xff"))
    heard = client.hear(lambda kind, *_: kind == Kind.RST_STREAM)
    assert heard[-1] == (Kind.RST_STREAM, 1, Code.NO_ERROR.to_bytes(4, "big"))


def test_a_connection_that_was_reset_can_be_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(server.port)
    client.say(headers(1), message(1, WAITS))
    assert server.service.begun.wait(10)
    server.end()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.say(frame(Kind.PING, Flag.ACK, 0, NEAR_END), frame(Kind.RST_STREAM, 0, 1, bytes(4)))
    client.socket.close()
    assert server.service.cancelled.wait(10)


def test_a_call_that_its_client_gives_up_is_cancelled(server: Server) -> None:
    with open_channel(server) as channel:
        begun = caller(channel).future(WAITS)
        assert server.service.begun.wait(10)
        begun.cancel()
        assert server.service.cancelled.wait(10)


def test_a_client_that_goes_cancels_its_calls(server: Server) -> None:
    client = Client(server.port)
    client.say(headers(1), message(1, WAITS))
    assert server.service.begun.wait(10)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, as of a crash
    client.socket.close()
    assert server.service.cancelled.wait(10)


def test_what_is_no_grpc_gets_a_status_of_http(shared_server: Server) -> None:
    client = Client(shared_server.port)
    block = Encoder().encode([(":method", "GET"), (":path", "/"), (":scheme", "http")])
    client.say(frame(Kind.HEADERS, END, 1, block))
    heard = client.hear(lambda kind, *_: kind == Kind.HEADERS)
    assert heard[-1] == (Kind.HEADERS, 1, calls.NO_GRPC.headers)


def test_an_answer_waits_for_room_and_goes_on(shared_server: Server) -> None:
    client = Client(shared_server.port)
    client.say(frame(Kind.SETTINGS, 0, 0, b"\0\4\0\0\0\3"), headers(1), message(1, b"hello"))  # a window of 3 bytes
    assert client.hear(lambda kind, *_: kind == Kind.DATA)[-1][2] == b"\0\0\0"
    client.say(frame(Kind.WINDOW_UPDATE, 0, 1, (100).to_bytes(4, "big")))
    heard = client.hear(lambda kind, flags, *_: kind == Kind.HEADERS and bool(flags & Flag.END_STREAM))
    assert [payload for kind, _, payload in heard if kind == Kind.DATA] == [b"\0\5hello"]


def test_what_came_before_a_client_heard_of_the_end_is_answered_and_what_comes_later_is_not_begun(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEARS_WITHIN", 60.0)  # however slow the machine is
    client = Client(server.port)
    client.say(headers(1), message(1, WAITS))
    assert server.service.begun.wait(10)
    server.end()
    first = client.hear(lambda kind, flags, _, payload: kind == Kind.PING and payload == NEAR_END)
    assert (Kind.GOAWAY, 0, b"\x7f\xff\xff\xff\0\0\0\0") in first
    client.say(headers(3), message(3), frame(Kind.PING, Flag.ACK, 0, NEAR_END), headers(5), message(5))
    heard = client.hear(lambda kind, *_: kind == Kind.GOAWAY)
    assert heard[-1] == (Kind.GOAWAY, 0, b"\0\0\0\3\0\0\0\0")  # the last that is answered is 3
    server.do(server.service.goes_on.set)
    rest = [*heard, *client.hear()]
    assert sorted(stream for kind, stream, _ in rest if kind == Kind.DATA) == [1, 3]
    assert all(stream != 5 for _, stream, _ in rest)
    client.say(frame(Kind.PING, 0, 0, b"too late"))
    client.socket.close()


def test_what_is_to_be_said_is_said_before_a_connection_ends(server: Server) -> None:
    client = Client(server.port)
    client.say(headers(1), message(1, WAITS))
    assert server.service.begun.wait(10)
    server.end()
    client.say(frame(Kind.PING, Flag.ACK, 0, NEAR_END))
    client.hear(lambda kind, _, stream, payload: kind == Kind.GOAWAY and payload[:4] == b"\0\0\0\1")
    client.say(frame(Kind.PING, 0, 0, b"are you?"), frame(Kind.RST_STREAM, 0, 1, bytes(4)))
    assert client.hear()[-1] == (Kind.PING, 0, b"are you?")


def test_a_client_that_asks_nothing_is_let_go(server: Server) -> None:
    client = Client(server.port)
    client.hear(lambda kind, flags, *_: kind == Kind.SETTINGS and bool(flags))
    server.end()
    client.say(frame(Kind.PING, Flag.ACK, 0, NEAR_END))
    assert client.hear()[-1][0] == Kind.GOAWAY


def test_a_client_that_has_said_its_last_gets_its_answer(server: Server) -> None:
    client = Client(server.port)
    client.say(headers(1), message(1, WAITS))
    assert server.service.begun.wait(10)
    client.socket.shutdown(socket.SHUT_WR)
    server.do(server.service.goes_on.set)
    assert [stream for kind, stream, _ in client.hear() if kind == Kind.DATA] == [1]


def bomb() -> bytes:
    """Return a block of 1 KB that says headers of 120 KB."""
    encoder = Encoder()
    return encoder.encode([("a", "x" * 600)] * 200)


BROKEN: dict[str, tuple[Code, tuple[bytes, ...]]] = {
    "a frame is too long": (Code.FRAME_SIZE_ERROR, (b"\xff\xff\xff\0\0\0\0\0\1",)),
    "a stream has an even number": (Code.PROTOCOL_ERROR, (headers(2),)),
    "headers belong to no stream": (Code.PROTOCOL_ERROR, (headers(0),)),
    "data belong to no stream": (Code.PROTOCOL_ERROR, (message(0),)),
    "data come before headers": (Code.PROTOCOL_ERROR, (message(1),)),
    "data come behind the end": (Code.STREAM_CLOSED, (headers(1), message(1, WAITS), message(1))),
    "padding is longer than its frame": (
        Code.PROTOCOL_ERROR, (headers(1), frame(Kind.DATA, Flag.PADDED, 1, b"\x09abc")),
    ),
    "headers are garbage": (Code.COMPRESSION_ERROR, (frame(Kind.HEADERS, END, 1, b"\xff\xff\xff\xff\xff"),)),
    "headers blow up": (Code.COMPRESSION_ERROR, (frame(Kind.HEADERS, END, 1, bomb()),)),
    "headers never end": (
        Code.ENHANCE_YOUR_CALM,
        (frame(Kind.HEADERS, 0, 1, BLOCK), *(frame(Kind.CONTINUATION, 0, 1, bytes(16_000)) for _ in range(5))),
    ),
    "headers come in crumbs": (
        Code.ENHANCE_YOUR_CALM,
        (frame(Kind.HEADERS, 0, 1, BLOCK), *(frame(Kind.CONTINUATION, 0, 1) for _ in range(MOST_PARTS))),
    ),
    "streams are given up one after the other": (
        Code.ENHANCE_YOUR_CALM,
        tuple(headers(2 * i + 1) + frame(Kind.RST_STREAM, 0, 2 * i + 1, bytes(4)) for i in range(MOST_RESETS + 1)),
    ),
    "headers are broken into": (Code.PROTOCOL_ERROR, (headers(1, 0), frame(Kind.PING, 0, 0, bytes(8)))),
    "headers go on that were none": (Code.PROTOCOL_ERROR, (frame(Kind.CONTINUATION, 0, 1, b""),)),
    "a stream is reset that was none": (Code.PROTOCOL_ERROR, (frame(Kind.RST_STREAM, 0, 1, bytes(4)),)),
    "a reset is too short": (Code.FRAME_SIZE_ERROR, (frame(Kind.RST_STREAM, 0, 1, bytes(3)),)),
    "a setting is cut": (Code.FRAME_SIZE_ERROR, (frame(Kind.SETTINGS, 0, 0, bytes(7)),)),
    "a window is set too wide": (
        Code.FLOW_CONTROL_ERROR, (frame(Kind.SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"),),
    ),
    "a window grows too wide": (
        Code.FLOW_CONTROL_ERROR, (frame(Kind.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"),),
    ),
    "a window grows by nothing": (Code.PROTOCOL_ERROR, (frame(Kind.WINDOW_UPDATE, 0, 0, bytes(4)),)),
    "a ping is too short": (Code.FRAME_SIZE_ERROR, (frame(Kind.PING, 0, 0, b"x"),)),
    "a client pushes": (Code.PROTOCOL_ERROR, (frame(Kind.PUSH_PROMISE, 0, 1, bytes(4)),)),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_ends_its_connection_alone(case: str, shared_server: Server) -> None:
    code, said = BROKEN[case]
    client, other = Client(shared_server.port), Client(shared_server.port)
    client.say(*said)
    kind, _, payload = client.hear()[-1]
    assert (kind, Code(int.from_bytes(payload[4:], "big"))) == (Kind.GOAWAY, code)
    other.say(headers(1), message(1))
    assert other.hear(lambda kind, *_: kind == Kind.DATA)[-1][1] == 1


def test_another_protocol_is_told_so_at_once(shared_server: Server) -> None:
    client = Client(shared_server.port, preface=b"GET / HTTP/1.1\r\n\r\n")
    assert client.hear()[-1][0] == Kind.GOAWAY


def test_no_bytes_are_too_much_for_a_connection(shared_server: Server) -> None:
    good = [headers(1), message(1), headers(3), frame(Kind.RST_STREAM, 0, 3, bytes(4)), message(3, zlib.compress(b"x"))]
    good += [frame(Kind.SETTINGS, 0, 0, b"\0\4\0\0\1\0"), frame(Kind.WINDOW_UPDATE, 0, 1, b"\0\0\1\0"), headers(5, END)]
    for seed in range(300):
        draw = random.Random(seed)
        said = bytearray(b"".join(draw.choices(good, k=12)))
        for _ in range(draw.randrange(6)):
            said[draw.randrange(len(said))] = draw.randrange(256)
        client = Client(shared_server.port)
        client.say(bytes(said))
        client.socket.close()
    last = Client(shared_server.port)
    last.say(headers(1), message(1))
    assert last.hear(lambda kind, *_: kind == Kind.DATA)[-1][1] == 1
