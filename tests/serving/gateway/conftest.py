"""`sess serve` as a user starts it: the gateway, its supervisor and a real Triton, in a process of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import grpc
import pytest
from tritonclient.grpc import service_pb2 as messages

SERVICE = "/inference.GRPCInferenceService/"
READY_WITHIN = 120  # seconds


@dataclass
class Gateway:
    """A running server with its addresses."""

    process: subprocess.Popen[str]
    http: int
    grpc: int
    metrics: int
    control: Path
    lines: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Send one HTTP request as it is; return the status, and the JSON of the answer."""
        connection = HTTPConnection("127.0.0.1", self.http, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None and "Content-Length" not in headers and "Transfer-Encoding" not in headers:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            if body:
                connection.send(body)
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content[:1] == b"{" else {}
        finally:
            connection.close()

    def post(self, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
        """Post an inference of the ensemble; anything but bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", "/v2/models/shop/infer", raw, named)

    def call(self, method: str, raw: bytes, timeout: float = 30) -> tuple[str, bytes | str]:
        """Call a method with raw bytes; return OK and the answer's bytes, or the code's name and the details."""
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc}", options=[("grpc.max_send_message_length", -1)]) as channel:
            try:
                return "OK", channel.unary_unary(SERVICE + method)(raw, timeout=timeout)
            except grpc.RpcError as error:
                return error.code().name, error.details()

    def infer(self, message: Any) -> tuple[str, Any]:
        """Call ModelInfer with a message."""
        code, answer = self.call("ModelInfer", message.SerializeToString())
        return code, messages.ModelInferResponse.FromString(answer) if isinstance(answer, bytes) else answer


def serve(artifact: Path, control: Path, *switches: str) -> Gateway:
    """Start a server and wait until it says that it is ready."""
    command = [sys.executable, "-m", "sess.compiler.cli.main", "serve", str(artifact), "--control", str(control)]
    ports = ["--http-port", "0", "--grpc-port", "0", "--metrics-port", str(free_port())]
    process = subprocess.Popen(
        [*command, *ports, *switches], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    lines: list[str] = []
    assert process.stderr is not None
    errors = process.stderr
    threading.Thread(target=lambda: lines.extend(errors), daemon=True).start()
    timer = threading.Timer(READY_WITHIN, process.kill)
    timer.start()
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if line.startswith("control"):
            break
    timer.cancel()
    if "ready:" not in said:
        raise AssertionError(f"the server did not start:\n{said}{''.join(lines)}")
    ports_found = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", said)]
    return Gateway(process, *ports_found, control, lines)


def stop(gateway: Gateway) -> int:
    """End a server by SIGTERM; return its exit code."""
    if gateway.process.poll() is None:
        gateway.process.send_signal(signal.SIGTERM)
    try:
        return gateway.process.wait(60)
    finally:
        gateway.process.kill()


def free_port() -> int:
    """Return a port that nothing listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def gateway(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server of the small shop, for tests that leave it as it is."""
    found = serve(artifact, tmp_path_factory.mktemp("control") / "shop.sock", "--no-spare", "--drain", "0")
    yield found
    stop(found)
