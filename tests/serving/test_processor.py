"""What computes is told from what is frozen by the processor time of its group."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from sess.runtime.serve.processor import seconds_of

LEADER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def group() -> Iterator[tuple[int, int]]:
    """A leader that waits for a child that computes: their numbers."""
    with subprocess.Popen(
        [sys.executable, "-c", LEADER], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        yield leader.pid, int(leader.stdout.readline())
        os.killpg(leader.pid, signal.SIGKILL)


def test_a_child_that_computes_is_seen_and_a_frozen_one_is_not(group: tuple[int, int]) -> None:
    leader, child = group
    before, ends = seconds_of(leader), time.monotonic() + 60
    while seconds_of(leader) < before + 0.1:
        assert time.monotonic() < ends
        time.sleep(0.01)
    os.kill(child, signal.SIGSTOP)
    while True:  # the signal arrives a moment later
        seen = seconds_of(leader)
        time.sleep(0.1)
        if seconds_of(leader) == seen:
            break
        assert time.monotonic() < ends
    assert seconds_of(child) == 0.0  # it leads no group
