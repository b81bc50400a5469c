"""A listening socket that is about to close: who has begun is taken, who hasn't is not begun and so not reset."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from sess.runtime.serve.gateway.listening import Door, accept_all, begin_no_more
from sess.runtime.serve.triton import choose_port


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as found:
        found.setblocking(False)
        yield found


def test_a_connection_that_was_begun_is_answered_after_the_socket_closed(listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname(), timeout=5) as asking:
        asking.sendall(b"question")
        begin_no_more(listening)
        time.sleep(0.05)
        (taken,) = accept_all(listening)
        listening.close()
        with taken:
            taken.setblocking(True)
            assert taken.recv(20) == b"question"
            taken.sendall(b"answer")
        assert asking.recv(20) == b"answer"


def test_a_connection_that_comes_later_is_not_begun(listening: socket.socket) -> None:
    begin_no_more(listening)
    with socket.socket() as late:
        late.settimeout(0.3)
        with pytest.raises(TimeoutError):
            late.connect(listening.getsockname())
    assert accept_all(listening) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_free_port_of_an_address_is_found_and_opened(host: str) -> None:
    async def connect() -> None:
        door, port = Door(asyncio.Protocol), choose_port(None, host)
        await door.open(host, port)
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await door.shut()

    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    asyncio.run(connect())


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
