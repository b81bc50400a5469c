"""Deadlines of calls, by the client's word and by the server's own."""

from __future__ import annotations

import pytest

from sess.runtime.serve.gateway.frames import Kind, literal
from tests.serving.gateway.conftest import SERVICE, Gateway
from tests.serving.gateway.framing import HEADERS, Client, headers
from tests.serving.gateway.framing import message as sent
from tests.serving.gateway.requests import message
from tests.serving.gateway.test_malformed_grpc import is_alive

pytestmark = pytest.mark.triton


def test_a_deadline_that_is_over_is_told(gateway: Gateway) -> None:
    code, _ = gateway.call("ModelInfer", message().SerializeToString(), timeout=1e-6)
    assert code == "DEADLINE_EXCEEDED"
    assert is_alive(gateway)


@pytest.mark.parametrize(("said", "status"), [(b"1n", b"4"), (b"1x", b"3"), (b"123456789S", b"3")])
def test_the_server_itself_ends_a_call_at_its_deadline(said: bytes, status: bytes, gateway: Gateway) -> None:
    client = Client(gateway.grpc)
    block = [*HEADERS[:1], (b":path", (SERVICE + "ModelInfer").encode()), HEADERS[2], (b"grpc-timeout", said)]
    client.say(headers(1, block=b"".join(literal(*each) for each in block)), sent(1, message().SerializeToString()))
    answer = client.hear(lambda kind, *_: kind == Kind.HEADERS)[-1][2]
    assert literal(b"grpc-status", status) in answer
    assert is_alive(gateway)
