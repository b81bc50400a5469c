"""A client of the language server that speaks wrongly gets answers or one line, and the next one is served."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

URI = "file:///tmp/hostile.sess"


def frame(body: bytes) -> bytes:
    """Return a body as the protocol sends it."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def message(**fields: object) -> bytes:
    """Return a message of JSON-RPC."""
    return frame(json.dumps({"jsonrpc": "2.0", **fields}).encode())


def opened(uri: str, text: str) -> bytes:
    """Return the notification that a document was opened."""
    document = {"uri": uri, "languageId": "sess", "version": 1, "text": text}
    return message(method="textDocument/didOpen", params={"textDocument": document})


def hover(uri: str, line: int = 0, character: int = 3) -> bytes:
    """Return a request of what stands at a place."""
    at = {"line": line, "character": character}
    return message(id=2, method="textDocument/hover", params={"textDocument": {"uri": uri}, "position": at})


BEGIN = message(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
END = message(id=99, method="shutdown", params=None) + message(method="exit")
WRONG = {
    "no JSON": frame(b"{nope"),
    "deep JSON": frame(b"[" * 100_000),
    "no object": frame(b"[]") + frame(b'"x"'),
    "an unknown request": message(id=5, method="foo/bar", params={}),
    "unknown notifications": message(method="$/foo", params={}) + message(method="foo/bar", params=3),
    "no parameters": message(id=6, method="textDocument/hover"),
    "parameters of another type": message(id=6, method="textDocument/hover", params={"textDocument": 3}),
    "an id that is no id": message(id={"a": 1}, method="textDocument/hover", params={}),
    "a document that isn't open": hover("file:///tmp/elsewhere.sess"),
    "a document that is no document": opened("no uri", "spec x") + hover("no uri"),
    "a name that no file has": opened("file:///tmp/%00.sess", "spec x") + hover("file:///tmp/%00.sess"),
    "a folder": opened("file:///tmp", "spec x") + hover("file:///tmp"),
    "a very long name": opened(f"file:///{'a' * 5000}.sess", 'spec x schema "s"') + hover(f"file:///{'a' * 5000}.sess"),
    "ten megabytes": opened(URI, "let x = 1\n" * 1_000_000) + hover(URI),
    "deep brackets": opened(URI, "spec a\nlet x = " + "f(" * 100_000) + hover(URI, 1, 10),
    "a place that isn't there": opened(URI, "spec a") + hover(URI, 10**9, 10**9) + hover(URI, -1, -1),
    "half a letter": opened(URI, 'spec a\nlet \ud800 = "\udfff"') + hover(URI, 1, 5),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[bytes]:
    """Return what a server says to a client that makes every mistake, one after the other, and then leaves."""
    talk = BEGIN + message(method="initialized", params={}) + b"".join(WRONG.values()) + END
    command = [sys.executable, "-m", "sess.compiler.cli.main", "lsp", "--stdio"]
    folder: Path = tmp_path_factory.mktemp("client")
    return subprocess.run(command, input=talk, capture_output=True, cwd=folder, timeout=60, check=False)


def test_the_server_answers_to_the_end(said: subprocess.CompletedProcess[bytes]) -> None:
    assert said.returncode == 0
    assert b'"id":99' in said.stdout.replace(b" ", b"")


def test_nobody_sees_a_traceback(said: subprocess.CompletedProcess[bytes]) -> None:
    assert b"Traceback" not in said.stderr
    assert b"this is a bug" not in said.stdout
    assert max(map(len, said.stderr.splitlines()), default=0) < 600
