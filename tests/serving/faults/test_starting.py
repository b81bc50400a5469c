"""A server that can't start says why in a line, with the exit code of its kind, and leaves nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.serving.faults.candidates import flip_a_byte
from tests.serving.faults.processes import left_behind
from tests.serving.forged import damaged

Words = list[str]


def start(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `sess serve`, which must end by itself."""
    command = [sys.executable, "-m", "sess.compiler.cli.main", "serve", *words]
    environment = {**os.environ, "NO_COLOR": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    out, errors = process.communicate(timeout=120)
    assert left_behind(process.pid) == []
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def refused(ended: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """Check that it ended with a code and one error that holds these words."""
    assert ended.returncode == code, ended
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    for word in words:
        assert word in line
    assert "Traceback" not in ended.stderr
    assert "ready" not in ended.stdout


@pytest.mark.parametrize("port", ["--http-port", "--grpc-port", "--metrics-port"])
def test_a_port_in_use_is_named(port: str, artifact: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        free = [each for name in ("--http-port", "--grpc-port") if name != port for each in (name, "0")]
        ended = start(str(artifact), "--control", str(tmp_path / "a.sock"), port, number, *free)
    refused(ended, 4, number, "in use")


MISUSES: dict[str, tuple[Callable[[Path, Path], Words], int, str]] = {
    "there is no such folder": (lambda _, tmp: [str(tmp / "nowhere")], 2, "nowhere"),
    "a folder that is no artifact": (lambda _, tmp: [str(tmp)], 2, "manifest.json"),
    "a folder that is damaged": (lambda own, tmp: [str(damaged(own, tmp / "bad", flip_a_byte))], 4, "click.npy"),
    "a socket in a folder that isn't there": (
        lambda own, tmp: [str(own), "--control", str(tmp / "no" / "a")],
        4,
        "no/a",
    ),
    "a socket that is a file": (lambda own, _: [str(own), "--control", str(own / "manifest.json")], 2, "manifest.json"),
    "an address that is none": (lambda own, _: [str(own), "--host", "no.where"], 2, "no.where"),
    "two ports that are the same": (lambda own, _: [str(own), "--http-port", "7", "--grpc-port", "7"], 2, "ports"),
}


@pytest.mark.parametrize("case", MISUSES)
def test_what_cannot_be_served_is_said_in_a_line(case: str, artifact: Path, tmp_path: Path) -> None:
    words, code, named = MISUSES[case]
    found = words(artifact, tmp_path)
    ports = [] if "--http-port" in found else ["--http-port", "0", "--grpc-port", "0"]
    control = [] if "--control" in found else ["--control", str(tmp_path / "a.sock")]
    refused(start(*found, *ports, *control), code, named)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_artifact_that_cannot_be_read_is_named(artifact: Path, tmp_path: Path) -> None:
    def lock(root: Path) -> None:
        (root / "graph.json").chmod(0)

    found = damaged(artifact, tmp_path / "locked", lock)
    refused(start(str(found), "--http-port", "0", "--grpc-port", "0"), 2, "graph.json", "permission denied")
