"""Connections over HTTP that say what is no request, several requests at once, or half of one."""

from __future__ import annotations

import json
import re
import socket
from http.client import HTTPConnection

import pytest

from tests.serving.gateway.conftest import Gateway
from tests.serving.gateway.requests import document
from tests.serving.gateway.test_malformed_http import is_alive

pytestmark = pytest.mark.triton

NO_REQUESTS = {
    "no method": b"F@@ /v2 HTTP/1.1\r\nHost: a\r\n\r\n",
    "no host": b"GET /v2 HTTP/1.1\r\n\r\n",
    "a target of 20,000 letters": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header with a zero": b"GET /v2 HTTP/1.1\r\nHost: a\r\nsecret: \0\r\n\r\n",
    "10,000 headers": b"GET /v2 HTTP/1.1\r\nHost: a\r\n" + b"secret: b\r\n" * 10_000 + b"\r\n",
    "two lengths": b"POST /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "a length and chunks": b"POST /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "the second version": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a handshake": b"\x16\x03\x01" + b"\0" * 200,
}


@pytest.mark.parametrize("case", NO_REQUESTS)
def test_what_is_no_request_is_refused_in_our_words_and_not_logged(case: str, gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.http), timeout=10) as connection:
        connection.sendall(NO_REQUESTS[case])
        answer = connection.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (head.split()[1], json.loads(body)) == (b"400", {"error": "this is no request of HTTP/1.1"})
    assert b"python" not in head.lower()
    assert is_alive(gateway)
    assert not [line for line in gateway.lines if "secret" in line or "Traceback" in line]


def test_requests_that_come_at_once_are_answered_in_their_order(gateway: Gateway) -> None:
    body = json.dumps(document()).encode()
    good = b"POST /v2/models/shop/infer HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", gateway.http), timeout=10) as connection:
        last = b"GET /v2/nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        connection.sendall(good + body + good + b"x" * len(body) + good + body + last)
        answers = connection.makefile("rb").read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"400", b"200", b"404"]


CUT_SHORT = {"within a body": b"{", "before a body": b""}


def test_who_has_said_all_gets_every_answer_and_then_the_end(gateway: Gateway) -> None:
    body = json.dumps(document()).encode()
    good = b"POST /v2/models/shop/infer HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", gateway.http), timeout=10) as connection:
        connection.sendall((good + body) * 3)
        connection.shutdown(socket.SHUT_WR)
        answers = connection.makefile("rb").read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200"] * 3


@pytest.mark.parametrize("case", CUT_SHORT)
def test_who_has_said_too_little_is_told_so(case: str, gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.http), timeout=10) as connection:
        connection.sendall(
            b"POST /v2/models/shop/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n" + CUT_SHORT[case]
        )
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert (answer.split()[1], b"the body ends early" in answer) == (b"400", True)


def test_a_client_that_asks_first_is_told_to_go_on_or_why_not(gateway: Gateway) -> None:
    body = json.dumps(document()).encode()
    for length, said in ((len(body), b"HTTP/1.1 100 Continue"), (17_000_000, b"HTTP/1.1 413 ")):
        with socket.create_connection(("127.0.0.1", gateway.http), timeout=10) as connection:
            head = f"POST /v2/models/shop/infer HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n"
            connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            assert connection.recv(4096).startswith(said)
            if length == len(body):
                connection.sendall(body)
                assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_a_wrong_method_is_told_the_right_one(gateway: Gateway) -> None:
    for path, allowed in (("/v2", "GET, HEAD"), ("/v2/models/shop/infer", "POST")):
        connection = HTTPConnection("127.0.0.1", gateway.http, timeout=10)
        connection.request("DELETE", path)
        assert connection.getresponse().headers["Allow"] == allowed
        connection.close()
