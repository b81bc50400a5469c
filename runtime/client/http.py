"""KServe v2 over HTTP with the standard library alone: connections are kept, and shared by threads."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote

from sess.runtime.client.errors import BY_HTTP, NO_ANSWER, BadRequest, Failed, NotReady, ServingError, Timeout

Document = dict[str, Any]  # JSON of the protocol


class Http:
    """A way to one server."""

    def __init__(self, url: SplitResult) -> None:
        self._url = url
        self._kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()

    def metadata(self, model: str | None, seconds: float) -> Document:
        """Return what the server says of itself, or of a model."""
        return self._ask("GET", "/v2" if model is None else f"/v2/models/{quote(model, safe='')}", None, seconds)

    def is_ready(self, seconds: float) -> bool:
        """Return whether the server says that it is ready."""
        try:
            self._ask("GET", "/v2/health/ready", None, seconds)
        except ServingError:
            return False
        return True

    def infer(self, model: str, document: Document, seconds: float) -> Document:
        """Return the outputs by name, flat, with their shapes."""
        body = json.dumps(document).encode()
        said = self._ask("POST", f"/v2/models/{quote(model, safe='')}/infer", body, seconds)
        try:
            return {output["name"]: (output["shape"], output["data"]) for output in said["outputs"]}
        except (KeyError, TypeError):
            raise Failed(NO_ANSWER) from None

    def close(self) -> None:
        """End all idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, seconds: float) -> Document:
        ends = time.monotonic() + seconds
        while True:
            connection, is_fresh = self._take(ends)
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
                answer = connection.getresponse()
                content = answer.read()
            except TimeoutError:
                connection.close()
                raise Timeout(f"no answer within {seconds:.3g} s") from None
            except (OSError, HTTPException) as error:
                connection.close()
                if not is_fresh:  # the server ended a connection that was idle
                    continue
                raise NotReady(f"{self._url.netloc} doesn't answer: {error or type(error).__name__}") from None
            if answer.will_close:
                connection.close()
            else:
                with self._lock:
                    self._idle.append(connection)
            return _document(answer, content)

    def _take(self, ends: float) -> tuple[HTTPConnection, bool]:
        """Return an idle connection or a new one, whose answer must be there by then, and whether it is new."""
        left = max(0.001, ends - time.monotonic())
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        is_fresh = connection is None
        if connection is None:
            connection = self._kind(self._url.hostname or "", self._url.port)
        connection.timeout = left
        # Of a response's class and its socket only what is called here is asked.
        connection.response_class = lambda sock, **words: HTTPResponse(_Until(sock, ends), **words)  # type: ignore[assignment, arg-type]
        if isinstance(connection.sock, socket.socket):
            connection.sock.settimeout(left)
        return connection, is_fresh


class _Until(io.RawIOBase):
    """What comes from a socket until a time; the timeout of a socket is for each of its bytes anew."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._socket, self._ends = sock, ends
        self._stream = sock.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what `HTTPResponse` reads."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is; TimeoutError when the time is over."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        """Let the socket be closed."""
        self._stream.close()
        super().close()


def _document(answer: HTTPResponse, content: bytes) -> Document:
    """Return the JSON of an answer; the error of its status where that isn't 200."""
    if answer.status != 200:
        raise _error_of(answer, content)
    try:
        found: Document = json.loads(content) if content else {}
    except ValueError:
        raise Failed(NO_ANSWER) from None
    return found


def _error_of(answer: HTTPResponse, content: bytes) -> ServingError:
    try:
        message = str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        message = f"the server answered {answer.status}"
    kind = BY_HTTP.get(answer.status, BadRequest if 400 <= answer.status < 500 else Failed)
    wait = answer.headers.get("Retry-After", "")
    if kind is NotReady and wait.isascii() and wait.isdigit():  # a date is what nobody's clock agrees on
        return NotReady(message, float(wait[:9]))
    return kind(message)
