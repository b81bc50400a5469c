"""The same build twice is the same files byte for byte, in two processes as in one; only logs hold clocks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.faults.conftest import Project

pytestmark = pytest.mark.slow


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        name: path.read_bytes() for path in files if not (name := str(path.relative_to(folder))).startswith("events")
    }


def test_other_processes_and_the_same_one_again_write_the_same_bytes(project: Project) -> None:
    assert project.compile("there", "--epochs", "1", "--until", "export")[0] == 0
    # One process of its own: what other tests leave in this one is no part of a build.
    builds = "import sess; [sess.compile('cycle.sess', name, epochs=1) for name in ('here', 'again')]"
    subprocess.run([sys.executable, "-c", builds], cwd=project.folder, check=True, capture_output=True, timeout=300)
    expected = tree(project.folder / "there")
    assert "model/saved_model.pb" in expected
    for name in ("here", "again"):
        found = tree(project.folder / name)
        assert [each for each in expected if expected[each] != found.get(each)] == []
        assert found.keys() == expected.keys()
