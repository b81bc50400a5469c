"""The health of gRPC, as clusters and proxies ask for it."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from sess.runtime.serve.gateway import calls, health
from sess.runtime.serve.gateway.contract import Limits
from sess.runtime.serve.gateway.inference import Inferences
from sess.runtime.serve.gateway.log import Log
from sess.runtime.serve.gateway.metrics import Metrics
from sess.runtime.serve.gateway.route import Lane, Route
from sess.runtime.serve.gateway.rpc import RpcServer
from tests.serving.gateway.conftest import SERVICE, Gateway
from tests.serving.gateway.framing import HEADERS

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"  # field 1 of the answer, a number
NAMES = {"": SERVING, "shop": SERVING, "shop.query": SERVING, SERVICE.strip("/"): SERVING, "shop__model": b""}


def asked(service: str) -> bytes:
    """Return the message that asks for a service: field 1, a text."""
    return b"\x0a" + bytes((len(service),)) + service.encode() if service else b""


@pytest.mark.triton
@pytest.mark.parametrize("service", NAMES)
def test_what_is_served_is_healthy_and_nothing_else_is_known(service: str, gateway: Gateway) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{gateway.grpc}") as channel:
        check = channel.unary_unary(health.CHECK)
        if NAMES[service]:
            assert check(asked(service), timeout=30) == NAMES[service]
            return
        with pytest.raises(grpc.RpcError) as caught:
            check(asked(service), timeout=30)
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("service", ["", "shop"])
def test_a_server_that_starts_serves_nothing_yet(service: str) -> None:
    async def examine(_: Lane) -> bool:
        return False

    server = RpcServer(Inferences(Route(), Metrics(), Limits(), examine), Log(has_requests=False))
    content = asked(service)
    body = bytearray(b"\0" + len(content).to_bytes(4, "big") + content)
    found = asyncio.run(server.answer({**dict(HEADERS), b":path": health.CHECK.encode()}, body))
    assert found == calls.answer(NOT_SERVING)


@pytest.mark.parametrize("service", ["", "shop"])
def test_a_server_that_is_about_to_end_welcomes_no_calls(service: str) -> None:
    assert health.status_of(service, ["shop"], is_ready=False) is health.Status.NOT_SERVING
