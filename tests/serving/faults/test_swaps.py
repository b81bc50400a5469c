"""Swaps under load: nobody gets an error or a wrong answer, and a bad candidate never gets a request."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sess.compiler.failures import Failure
from sess.runtime.artifact import MANIFEST
from sess.runtime.build.digest import of_file
from sess.runtime.serve.control import tell
from tests.serving.faults.candidates import DAMAGED, FORGED
from tests.serving.faults.load import Load, answer_of
from tests.serving.faults.processes import servers_of, wait_until_gone
from tests.serving.forged import damaged, forged
from tests.serving.gateway.conftest import Gateway, serve, stop

pytestmark = [pytest.mark.triton, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server whose candidates are judged by itself alone."""
    found = serve(artifact, tmp_path_factory.mktemp("control") / "shop.sock", "--no-spare", "--drain", "0")
    yield found
    assert stop(found) == 0


def test_swaps_under_load_lose_nothing(served: Gateway, artifact: Path, next_artifact: Path) -> None:
    old = answer_of(served)
    with Load(served) as load:
        load.wait_for(20)
        assert "drains" in tell(served.control, do="publish", artifact=str(next_artifact))
        new = answer_of(served)
        load.wait_for(20)
        assert "already" in tell(served.control, do="publish", artifact=str(next_artifact))
        tell(served.control, do="rollback")
        assert answer_of(served) == old
        tell(served.control, do="rollback")  # the one before is what was served
        assert answer_of(served) == new
        tell(served.control, do="publish", artifact=str(artifact))
        assert answer_of(served) == old
        load.wait_for(20)
    assert load.failures == []
    assert load.given == {old, new}
    assert new != old


def test_what_was_replaced_ends_when_it_is_idle(served: Gateway, artifact: Path, next_artifact: Path) -> None:
    before = servers_of(served.process.pid)
    tell(served.control, do="publish", artifact=str(next_artifact))
    assert not wait_until_gone(before, 30)
    assert len(servers_of(served.process.pid)) == 1
    tell(served.control, do="publish", artifact=str(artifact))


def test_an_artifact_that_could_not_be_rolled_back_to_is_still_the_one_before(
    served: Gateway, artifact: Path, next_artifact: Path
) -> None:
    tell(served.control, do="publish", artifact=str(next_artifact))
    new = answer_of(served)
    digest = of_file(artifact / MANIFEST)
    copies = Path(tempfile.gettempdir()).glob(f"sess-triton-{served.process.pid}-*/artifact")
    (before,) = (copy for copy in copies if of_file(copy / MANIFEST) == digest)
    step = before / "triton" / "shop__model"
    step.rename(before / "away")
    with pytest.raises(Failure):
        tell(served.control, do="rollback")
    assert answer_of(served) == new
    (before / "away").rename(step)
    assert "drains" in tell(served.control, do="rollback")
    assert answer_of(served) != new


@pytest.mark.parametrize("case", [*FORGED, *DAMAGED])
def test_a_bad_candidate_never_gets_a_request(case: str, served: Gateway, artifact: Path, tmp_path: Path) -> None:
    change, words = (FORGED | DAMAGED)[case]
    make = forged if case in FORGED else damaged
    bad = make(artifact, tmp_path / "bad", change)
    right, before = answer_of(served), servers_of(served.process.pid)  # one that was replaced may still end
    with Load(served) as load:
        load.wait_for(5)
        with pytest.raises(Failure, match=words):
            tell(served.control, do="publish", artifact=str(bad))
        load.wait_for(5)
    assert load.failures == []
    assert load.given == {right}
    assert set(servers_of(served.process.pid)) <= set(before)


def test_publish_and_rollback_are_commands_with_exit_codes(
    served: Gateway, next_artifact: Path, tmp_path: Path
) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sess.compiler.cli.main", *words]
        return subprocess.run(command, capture_output=True, text=True)

    control = ["--control", str(served.control)]
    done = run("publish", str(next_artifact), *control)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("shop ")
    assert run("rollback", *control).returncode == 0
    for words, code in (
        (("publish", str(tmp_path / "nowhere"), *control), 2),
        (("publish", str(next_artifact), "--control", str(tmp_path / "no.sock")), 4),
        (("publish", str(tmp_path), *control), 2),
    ):
        refused = run(*words)
        assert refused.returncode == code, refused
        assert refused.stderr.startswith("error: ")
        assert "Traceback" not in refused.stderr
