"""A server's life: it stops cleanly, leaves nothing behind, and never writes into what it serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from sess.runtime.artifact import open_artifact
from sess.runtime.serve.client import Client
from sess.runtime.serve.triton import Ports, Triton, choose_port, lacks_memory

pytestmark = pytest.mark.triton


def test_a_stopped_server_leaves_no_process_no_memory_and_an_untouched_artifact(artifact: Path) -> None:
    ports = Ports(choose_port(None, "127.0.0.1"), choose_port(None, "127.0.0.1"))
    with Triton(artifact / "triton", "127.0.0.1", ports, relays=False) as server:
        server.wait_until_loaded()
        memory, scratch, process = server._memory, server._scratch, server._process
        assert list(Path("/dev/shm").glob(f"{memory}*"))
        with Client(server.http, is_grpc=False) as client:
            assert "shop" in client.models()
    assert process.poll() is not None
    assert not list(Path("/dev/shm").glob(f"{memory}*"))
    assert not scratch.exists()
    open_artifact(artifact)


@pytest.mark.parametrize(
    ("line", "is_so"),
    [
        (
            "Internal: Unable to initialize shared memory key 'x'. Error: No space left on device",
            True,
        ),
        ("Internal: Unable to initialize shared memory key 'x': File exists", False),
        ("error: No space left on device: '/tmp/x'", False),
    ],
)
def test_a_log_tells_that_shared_memory_is_full(line: str, *, is_so: bool) -> None:
    assert lacks_memory(["I0000 started", line]) == is_so
