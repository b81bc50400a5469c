"""The README's curl lines are requests that the contract of their model takes, sent by the real curl."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sess.compiler.driver import CheckOptions, check_spec


@pytest.fixture
def listener() -> Iterator[tuple[list[tuple[str, bytes]], int]]:
    """A server that keeps what it is sent, and its port."""
    sent: list[tuple[str, bytes]] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            sent.append((self.path, b""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keeper) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield sent, server.server_port
        server.shutdown()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_sends_what_the_model_takes(root: Path, listener: tuple[list[tuple[str, bytes]], int]) -> None:
    sent, port = listener
    (script,) = re.findall(r"^```sh\n(.*?)^```$", (root / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    subprocess.run(["sh", "-ec", script.replace(":8000", f":{port}")], check=True)
    checked = check_spec(root / "specs" / "quickstart.sess", CheckOptions(schema=root / "specs" / "shop.pbtxt"))
    assert checked.program is not None
    request = {tensor.name: tensor for tensor in checked.program.serving.request}
    (asked, _), (path, body) = sent
    assert path == f"{asked}/infer" == f"/v2/models/{checked.program.serving.name}/infer"
    inputs = {tensor["name"]: tensor for tensor in json.loads(body)["inputs"]}
    assert {name for name, tensor in request.items() if not tensor.is_optional} <= inputs.keys() <= request.keys()
    for name, tensor in inputs.items():
        assert tensor["datatype"] == request[name].dtype.upper()
        assert tensor["shape"] == [len(tensor["data"])]
