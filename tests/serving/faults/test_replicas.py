"""Servers of one artifact hold no state: any of them answers as any other."""

from __future__ import annotations

from pathlib import Path

import pytest

import sess
from sess.compiler.plans import Program
from sess.runtime.serve.golden import read_golden
from tests.serving.gateway.conftest import serve, stop

pytestmark = [pytest.mark.triton, pytest.mark.slow]


def test_two_servers_of_an_artifact_give_the_same_answers(artifact: Path, program: Program, tmp_path: Path) -> None:
    rows = read_golden(program, artifact).rows
    found = []
    servers = [serve(artifact, tmp_path / f"{name}.sock", "--no-spare", "--drain", "0") for name in ("one", "other")]
    try:
        for place, server in enumerate(servers):
            with sess.Client(f"http://127.0.0.1:{server.http}") as client:
                client.recommend(rows[: 5 * place])  # what one of them was asked before changes nothing
                found.append(client.recommend(rows))
    finally:
        codes = [stop(server) for server in servers]
    assert codes == [0, 0]
    assert found[0] == found[1]
    assert len(found[0]) == len(rows) > 10
