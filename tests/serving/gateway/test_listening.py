"""A listening socket that is about to close: who has begun is taken, who hasn't is not begun and so not reset."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from sess.runtime.serve.gateway.listening import accept_all, begin_no_more


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
