"""`sess.Client` gets what the artifact answers, by both protocols, and says by type why it got nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import sess
from sess.runtime.recommend import Recommender
from tests.serving.gateway.conftest import Gateway, serve, stop
from tests.serving.test_answers import row

SESSIONS = [row(1, 2, 3), row(), row(7)]


@pytest.fixture(scope="module")
def own_gateway(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server for the clients."""
    found = serve(artifact, tmp_path_factory.mktemp("control") / "shop.sock", "--no-spare", "--drain", "0")
    yield found
    stop(found)


@pytest.fixture(params=["http", "grpc"])
def client(own_gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[sess.Client]:
    """A client by either protocol."""
    port = own_gateway.http if request.param == "http" else own_gateway.grpc
    with sess.Client(f"{request.param}://127.0.0.1:{port}") as found:
        yield found


@pytest.mark.triton
def test_it_recommends_what_the_artifact_recommends(client: sess.Client, artifact: Path) -> None:
    own = Recommender.load(artifact)
    for head in ("click", "kind"):
        found = client.recommend(SESSIONS, k=4, head=head)
        wanted = own.recommend(SESSIONS, k=4, head=head)
        assert [[each.id for each in one] for one in found] == [[each.id for each in one] for one in wanted]
        assert [each.score for each in found[0]] == pytest.approx([each.score for each in wanted[0]], abs=1e-5)
    assert client.is_ready


@pytest.mark.triton
def test_it_narrows_by_k_allow_and_deny(client: sess.Client) -> None:
    items = row(3, 4, 5)["item_id"]
    (found,) = client.recommend([row(1)], k=3, allow=items, deny=items[:1])
    assert {each.id for each in found} == set(items[1:])


@pytest.mark.triton
def test_it_gives_scores_and_vectors(client: sess.Client) -> None:
    assert len(client.scores(SESSIONS, "buy")) == 3
    assert [len(vector) for vector in client.vectors(SESSIONS, "query")] == [16, 16, 16]
    assert client.recommend([]) == []


@pytest.mark.triton
def test_a_bad_request_names_its_tensor(client: sess.Client) -> None:
    with pytest.raises(sess.BadRequest) as refused:
        client.recommend([row(1)], k=99)
    assert refused.value.tensor == "k"
    with pytest.raises(sess.BadRequest) as refused:
        client.recommend([{**row(1), "age": float("nan")}])
    assert refused.value.tensor == "age"
    with pytest.raises(sess.BadRequest) as refused:
        client.recommend([[5_000_000_000]])
    assert refused.value.tensor == "category__values" or refused.value.tensor == "category"
    with pytest.raises(sess.BadRequest, match="no head `nothing`"):
        client.recommend([row(1)], head="nothing")


@pytest.mark.triton
def test_an_unknown_model_is_not_found(own_gateway: Gateway) -> None:
    with sess.Client(f"http://127.0.0.1:{own_gateway.http}/v2/models/other") as client, pytest.raises(sess.NotFound):
        client.recommend([row(1)])


@pytest.mark.triton
def test_threads_share_a_client(client: sess.Client) -> None:
    def ids(length: int) -> list[int | str]:
        return [each.id for each in client.recommend([row(*range(length))])[0]]

    alone = [ids(length) for length in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ids, [*range(1, 9)] * 8)) == alone * 8


class Moody(BaseHTTPRequestHandler):
    """A server of its own that says 503 so many times, closes connections, or sleeps, before it answers."""

    refusals = 0
    retry_after = "0"
    seconds = 0.0
    asked: list[str] = []  # noqa: RUF012 - the handler is made anew for each request

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer metadata."""
        if self.path == "/v2":
            self._say(200, {"extensions": ["sess.model:m", "sess.item:i"]})
        else:
            inputs = [{"name": name, "datatype": "INT64"} for name in ("i__values", "i__offsets", "k")]
            self._say(200, {"inputs": inputs, "outputs": [{"name": "click.ids"}, {"name": "click.scores"}]})

    def do_POST(self) -> None:
        """Answer an inference, if the mood is over."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(body.decode())
        time.sleep(self.seconds)
        if len(self.asked) <= self.refusals:
            self._say(503, {"error": "the model is starting, try again soon"}, {"Retry-After": self.retry_after})
            return
        outputs = [{"name": "click.ids", "shape": [1, 2], "data": [4, 5]},
                   {"name": "click.scores", "shape": [1, 2], "data": [2.0, -3.4028234663852886e38]}]  # fmt: skip
        self._say(200, {"outputs": outputs})

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _say(self, status: int, said: dict[str, Any], headers: Mapping[str, str] = MappingProxyType({})) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def moody() -> Iterator[tuple[type[Moody], str]]:
    """A handler whose mood a test sets, and its address."""
    kind = type("Kind", (Moody,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kind, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_that_is_not_ready_is_asked_again(moody: tuple[type[Moody], str]) -> None:
    kind, address = moody
    kind.refusals = 2
    with sess.Client(address) as client:
        (found,) = client.recommend([[1, 2]])
    assert [each.id for each in found] == [4]  # a place without a candidate is left out
    assert len(kind.asked) == 3


def test_retries_end(moody: tuple[type[Moody], str]) -> None:
    kind, address = moody
    kind.refusals = 99
    with sess.Client(address, retries=1) as client, pytest.raises(sess.NotReady, match="starting"):
        client.recommend([[1]])
    assert len(kind.asked) == 2


def test_a_server_is_left_alone_for_as_long_as_it_says(moody: tuple[type[Moody], str]) -> None:
    kind, address = moody
    kind.refusals, kind.retry_after = 1, "3600"
    with sess.Client(address) as client, pytest.raises(sess.NotReady) as refused:
        client.recommend([[1]])
    assert (refused.value.retry_after, len(kind.asked)) == (3600, 1)
    kind.retry_after = "Wed, 21 Oct 2015 07:28:00 GMT"  # no number: as if nothing were said
    kind.asked.clear()
    with sess.Client(address) as client:
        assert client.recommend([[1]])


def test_numbers_of_numpy_are_numbers(moody: tuple[type[Moody], str]) -> None:
    kind, address = moody
    with sess.Client(address) as client:
        client.recommend([np.array([1, 2])], k=np.int64(2))
    sent = json.loads(kind.asked[0])["inputs"]
    assert {each["name"]: each["data"] for each in sent} == {"k": [2], "i__values": [1, 2], "i__offsets": [0, 2]}


@pytest.mark.parametrize("item", ["1", 1.5, True, None, [1]])
def test_what_is_no_item_is_refused_before_it_is_sent(item: object, moody: tuple[type[Moody], str]) -> None:
    kind, address = moody
    with sess.Client(address) as client, pytest.raises(sess.BadRequest) as refused:
        client.recommend([[item]])
    assert (refused.value.tensor, kind.asked) == ("i__values", [])


BROKEN: dict[str, tuple[bytes, type[sess.ServingError]]] = {
    "ends without a word": (b"", sess.NotReady),
    "ends in the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", sess.NotReady),
    "speaks something else": (b"\x00\x00\x18\x04\x00\x00\x00\x00\x00", sess.NotReady),
    "answers a page": (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", sess.Failed),
    "lives elsewhere": (b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", sess.Failed),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_server_gives_an_error_of_ours(case: str) -> None:
    said, error = BROKEN[case]
    with speaking(lambda connection: connection.sendall(said)) as address:
        with sess.Client(address, retries=1) as client, pytest.raises(error):
            client.recommend([[1]])
        assert not client.is_ready


def test_other_json_gives_an_error_of_ours() -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    with speaking(lambda connection: connection.sendall(said)) as address, pytest.raises(sess.Failed):
        sess.Client(address, retries=1).recommend([[1]])


def test_an_answer_that_comes_byte_by_byte_ends_at_the_deadline() -> None:
    def drip(connection: socket.socket) -> None:
        for byte in b"HTTP/1.1 503 OK\r\nContent-Length: 0\r\n\r\n":  # takes four times the deadline
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    with speaking(drip) as address:
        client = sess.Client(address, timeout=0.5)
        with pytest.raises(sess.Timeout):
            client.recommend([[1]])
        assert not client.is_ready


@contextmanager
def speaking(speak: Callable[[socket.socket], object]) -> Iterator[str]:
    """Give the address of a server that says something to each connection, and ends it."""

    def serve_all() -> None:
        with suppress(OSError):  # the test is over, or the client has gone
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    connection.recv(4096)
                    speak(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve_all, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_deadline_is_for_the_call_as_a_whole(moody: tuple[type[Moody], str]) -> None:
    kind, address = moody
    kind.seconds = 1.5
    with sess.Client(address, timeout=0.4) as client, pytest.raises(sess.Timeout):
        client.recommend([[1]])
    assert len(kind.asked) <= 1


def test_nobody_at_the_address_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for scheme in ("http", "grpc"):
        with sess.Client(f"{scheme}://127.0.0.1:{port}", retries=1, timeout=3) as client, pytest.raises(sess.NotReady):
            client.recommend([[1]])
        assert not client.is_ready if scheme == "http" else True


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://a", "http://"])
def test_an_address_that_is_none_is_said(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        sess.Client(address)


def test_a_client_over_http_needs_only_the_core() -> None:
    code = (
        "import sys, sess; sess.Client('http://127.0.0.1:1'); "
        "print([m for m in ('numpy', 'grpc', 'tensorflow', 'lark', 'networkx', 'tritonclient') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
