"""KServe v2 over HTTP with the standard library alone: connections are kept, and shared by threads."""

from __future__ import annotations

import json
import socket
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote

from sess.runtime.client.errors import BY_HTTP, BadRequest, Failed, NotReady, ServingError, Timeout

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
        except NotReady:
            return False
        return True

    def infer(self, model: str, document: Document, seconds: float) -> Document:
        """Return the outputs by name, flat, with their shapes."""
        body = json.dumps(document).encode()
        said = self._ask("POST", f"/v2/models/{quote(model, safe='')}/infer", body, seconds)
        return {output["name"]: (output["shape"], output["data"]) for output in said["outputs"]}

    def close(self) -> None:
        """End all idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, seconds: float) -> Document:
        connection, is_fresh = self._take(seconds)
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
                return self._ask(method, path, body, seconds)
            raise NotReady(f"{self._url.netloc} doesn't answer: {error or type(error).__name__}") from None
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        if answer.status == 200:
            found: Document = json.loads(content) if content else {}
            return found
        raise _error_of(answer.status, content)

    def _take(self, seconds: float) -> tuple[HTTPConnection, bool]:
        """Return an idle connection or a new one, and whether it is new."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            host = self._url.hostname or ""
            return self._kind(host, self._url.port, timeout=seconds), True
        if isinstance(connection.sock, socket.socket):
            connection.sock.settimeout(seconds)
        return connection, False


def _error_of(status: int, content: bytes) -> ServingError:
    try:
        message = str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        message = f"the server answered {status}"
    kind = BY_HTTP.get(status, BadRequest if 400 <= status < 500 else Failed)
    return kind(message)
