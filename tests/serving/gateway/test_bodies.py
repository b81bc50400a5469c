"""Bodies over HTTP that come in chunks: read as others are, and bounded in every way."""

from __future__ import annotations

import json
import socket

import pytest

from sess.runtime.serve.gateway.limits import MOST_CHUNKS
from tests.serving.gateway.conftest import Gateway
from tests.serving.gateway.requests import document
from tests.serving.gateway.test_malformed_http import is_alive

pytestmark = pytest.mark.triton

GOOD = json.dumps(document()).encode()
HEAD = b"POST /v2/models/shop/infer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(content: bytes) -> bytes:
    """Return a chunk with its length before it."""
    return b"%x\r\n%b\r\n" % (len(content), content)


END = chunk(b"")

# Each with the status of its answer.
CHUNKS = {
    "one": (chunk(GOOD) + END, b"200"),
    "one for a byte": (b"".join(chunk(GOOD[i : i + 1]) for i in range(len(GOOD))) + END, b"200"),
    "none": (END, b"400"),
    "too many": (chunk(b" ") * (MOST_CHUNKS + 1) + chunk(GOOD) + END, b"413"),
    "too large": (chunk(bytes(1 << 20)) * 17 + END, b"413"),
    "of no length": (chunk(GOOD) + b"many\r\n", b"400"),
    "of a huge length": (chunk(GOOD) + b"f" * 17 + b"\r\n", b"400"),
}


@pytest.mark.parametrize("case", CHUNKS)
def test_chunks_are_read_as_long_as_they_are_few(case: str, gateway: Gateway) -> None:
    body, status = CHUNKS[case]
    with socket.create_connection(("127.0.0.1", gateway.http), timeout=10) as connection:
        connection.sendall(CHUNKED + body)
        answer = connection.makefile("rb").read()
    assert answer.split()[1] == status
    assert is_alive(gateway)


def test_chunks_that_break_off_are_not_waited_for(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.http), timeout=10) as connection:
        connection.sendall(CHUNKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")  # the body is being read
        connection.sendall(b"many\r\n")
        assert connection.makefile("rb").read().split()[1] == b"400"
