"""Bodies over HTTP that are compressed or come in chunks: read as plain ones are, and bounded in every way."""

from __future__ import annotations

import gzip
import json
import socket
import zlib

import pytest

from sess.runtime.serve.gateway.limits import MOST_CHUNKS
from tests.serving.gateway.conftest import Gateway
from tests.serving.gateway.requests import binary, document
from tests.serving.gateway.test_malformed_http import is_alive

pytestmark = pytest.mark.triton

GOOD = json.dumps(document()).encode()
BOMB = bytes(17 * 2**20)  # more than a body may have
HEAD = b"POST /v2/models/shop/infer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(content: bytes) -> bytes:
    """Return a chunk with its length before it."""
    return b"%x\r\n%b\r\n" % (len(content), content)


END = chunk(b"")
PACKED = {
    "gzip": gzip.compress(GOOD),
    "deflate": zlib.compress(GOOD),
    "GZIP": gzip.compress(GOOD),
    "identity": GOOD,
}


@pytest.mark.parametrize("encoding", PACKED)
def test_a_compressed_body_is_answered_as_a_plain_one_is(encoding: str, gateway: Gateway) -> None:
    assert gateway.post(PACKED[encoding], Content_Encoding=encoding) == gateway.post(GOOD)


def test_binary_tensors_may_be_compressed_with_their_header(gateway: Gateway) -> None:
    body, length = binary()
    headers = {"Content_Encoding": "gzip", "Inference_Header_Content_Length": length}
    assert gateway.post(gzip.compress(body), **headers) == gateway.post(GOOD)


REFUSED = {
    "it is not compressed": (GOOD, 400),
    "it ends early": (gzip.compress(GOOD)[:-9], 400),
    "it goes on behind its end": (gzip.compress(GOOD) * 2, 400),
    "it is nothing": (b"", 400),
    "it blows up": (gzip.compress(BOMB, 1), 413),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_unpacked_is_refused(case: str, gateway: Gateway) -> None:
    body, status = REFUSED[case]
    assert gateway.post(body, Content_Encoding="gzip")[0] == status
    assert is_alive(gateway)


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
