"""A stub, a Triton or the supervisor dies or freezes under load: seen at once, answered again soon, never wrongly."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.serving.faults.load import Load, answer_of
from tests.serving.faults.processes import (
    environments_of,
    family,
    is_alive,
    left_behind,
    servers_of,
    stubs_of,
    wait_until_gone,
)
from tests.serving.gateway.conftest import Gateway, serve, stop

pytestmark = [pytest.mark.triton, pytest.mark.slow]

SEEN_WITHIN, AGAIN_WITHIN = 10.0, 25.0  # seconds; on a machine with nothing else to do it is 2 and 5


@pytest.fixture(scope="module")
def watched(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server with a spare."""
    found = serve(artifact, tmp_path_factory.mktemp("control") / "shop.sock", "--drain", "0")
    yield found
    stop(found)


def wait_for_spare(gateway: Gateway, count: int) -> None:
    """Wait until a spare was ready so many times."""
    ends = time.monotonic() + 120
    while sum('"spare ready"' in line for line in gateway.lines) < count:
        assert time.monotonic() < ends, gateway.lines
        time.sleep(0.1)


def restarts(gateway: Gateway) -> float:
    """Return how many Tritons were replaced."""
    with urlopen(f"http://127.0.0.1:{gateway.metrics}/metrics") as answer:
        found = re.search(r"^sess_restarts_total (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def stub_of(gateway: Gateway) -> int:
    """Return the stub of the Triton that answers; the gateway prepares requests itself, so that there is one."""
    (found,) = stubs_of(servers_of(gateway.process.pid)[0])
    return found


FAULTS: dict[str, tuple[Callable[[Gateway], int], signal.Signals]] = {
    "the stub is killed": (stub_of, signal.SIGKILL),
    "the stub freezes": (stub_of, signal.SIGSTOP),
    "Triton is killed": (lambda gateway: servers_of(gateway.process.pid)[0], signal.SIGKILL),
    "Triton freezes": (lambda gateway: servers_of(gateway.process.pid)[0], signal.SIGSTOP),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen_and_mended_while_users_ask(fault: str, watched: Gateway) -> None:
    find, number = FAULTS[fault]
    before = restarts(watched)
    wait_for_spare(watched, int(before) + 1)
    right, victim = answer_of(watched), find(watched)
    own = environments_of(watched.process.pid)
    with Load(watched) as load:
        load.wait_for(20)
        began = time.monotonic()
        os.kill(victim, number)
        while restarts(watched) == before:
            assert time.monotonic() < began + 30
            time.sleep(0.02)
        seen = time.monotonic() - began
        time.sleep(2)  # a gap would come now
        load.wait_for(20)
    assert seen < SEEN_WITHIN
    assert load.longest_gap(began) < AGAIN_WITHIN
    assert load.given == {right}
    assert not wait_until_gone([victim], 10)
    assert [each for each in own if each.exists() and each not in environments_of(watched.process.pid)] == []


def test_a_killed_supervisor_leaves_no_triton_and_the_next_start_sweeps(artifact: Path, tmp_path: Path) -> None:
    killed = serve(artifact, tmp_path / "shop.sock", "--drain", "0", "--no-spare")
    owner = killed.process.pid
    children = list(family(owner))
    assert children and left_behind(owner)
    os.kill(owner, signal.SIGKILL)
    killed.process.wait()
    assert not wait_until_gone(children, 30)
    fresh = serve(artifact, tmp_path / "shop.sock", "--drain", "0", "--no-spare")  # the dead one's socket is taken
    try:
        assert not left_behind(owner)
        assert answer_of(fresh)
    finally:
        assert stop(fresh) == 0
    assert not is_alive(fresh.process.pid)
