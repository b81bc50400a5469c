"""A signal under load: everything that was begun is answered, and nothing is left."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.serving.faults.load import Load
from tests.serving.faults.processes import family, left_behind, wait_until_gone
from tests.serving.gateway.conftest import serve

pytestmark = [pytest.mark.triton, pytest.mark.slow]


@pytest.mark.parametrize(("number", "drain"), [(signal.SIGTERM, "1"), (signal.SIGTERM, "0"), (signal.SIGINT, "0.2")])
def test_a_signal_under_load_loses_nothing_and_leaves_nothing(
    number: signal.Signals, drain: str, artifact: Path, tmp_path: Path
) -> None:
    gateway = serve(artifact, tmp_path / "shop.sock", "--drain", drain, "--no-spare")
    children = list(family(gateway.process.pid))
    with Load(gateway, http=4, grpc=2) as load:
        load.wait_for(50)
        gateway.process.send_signal(number)
        assert gateway.process.wait(30) == 0
    assert load.failures == []
    assert len(load.given) == 1
    assert load.refused_connections  # what comes after the end is told so
    assert not wait_until_gone(children, 20)
    assert left_behind(gateway.process.pid) == []
    assert not (tmp_path / "shop.sock").exists()
