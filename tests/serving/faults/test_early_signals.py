"""A signal before a server is ready ends it at once, and nothing is left: no copy, no process, no shared memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.serving.faults.processes import left_behind, servers_of, stubs_of, wait_until_gone

pytestmark = pytest.mark.triton

LOOKS_EVERY = 0.002  # seconds
WITHIN = 60.0  # seconds

# The signal, and what there is when it comes: of a server's process, and of its folder for temporary files.
MOMENTS: dict[str, tuple[signal.Signals, Callable[[int, Path], object]]] = {
    "its copy of the artifact is begun": (signal.SIGTERM, lambda _, folder: any(folder.glob("sess-triton-*"))),
    "its Triton is started": (signal.SIGINT, lambda process, _: servers_of(process)),
    "its steps are loading": (signal.SIGTERM, lambda process, _: [*map(stubs_of, servers_of(process))] > [[]]),
    "its spare is started": (signal.SIGTERM, lambda process, _: servers_of(process)[1:]),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_before_it_is_ready_leaves_nothing(moment: str, artifact: Path, tmp_path: Path) -> None:
    number, has_come = MOMENTS[moment]
    command = [sys.executable, "-m", "sess.compiler.cli.main", "serve", str(artifact), "--drain", "0"]
    ports = ["--http-port", "0", "--grpc-port", "0", "--control", str(tmp_path / "a.sock")]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    with subprocess.Popen(
        [*command, *ports], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        ends = time.monotonic() + WITHIN
        while not has_come(process.pid, tmp_path) and time.monotonic() < ends and process.poll() is None:
            time.sleep(LOOKS_EVERY)
        children = servers_of(process.pid)
        process.send_signal(number)
        _, errors = process.communicate(timeout=WITHIN)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors and "never retrieved" not in errors
    assert not wait_until_gone(children, 20)
    assert left_behind(process.pid) == []
    assert list(tmp_path.iterdir()) == []
