"""A disk that takes no more ends a build with a message; the artifact before stays, and the build goes on later."""

from __future__ import annotations

import re
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.faults.conftest import Project

pytestmark = pytest.mark.slow


def no_file_beyond(size: int) -> Callable[[], None]:
    """Return what limits the size of every file that a process writes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_write_that_fails_anywhere_leaves_the_artifact_as_it_was(project: Project) -> None:
    assert project.compile("out", "--until", "export", "--epochs", "1")[0] == 0
    before = tree(project.folder / "out")
    reached = set()
    for size in (600, 2_000, 12_000, 40_000, 90_000):
        code, said = project.compile(
            "out", "--until", "export", "--epochs", "2", "--seed", "2", before=no_file_beyond(size)
        )
        assert code == 4 and "error: a file can't be written or read" in said, said
        assert re.search(r"`\w+` writes about .*, .* are free in ", said)
        assert "Traceback" not in said and "Exception ignored" not in said
        assert tree(project.folder / "out") == before
        reached.add(said.split("error:")[0].count(": running"))
    assert len(reached) > 1  # it failed in one stage, and with more room in a later one
    again = ("out", "--until", "export", "--epochs", "2", "--seed", "2")
    assert project.compile(*again)[0] == 0
    built = tree(project.folder / "out")
    assert built != before
    older = project.folder / ".out.work" / "export" / "artifact"  # as a kill right after the exchange leaves it
    shutil.copytree(project.folder / "out", older)
    (older / "manifest.json").write_bytes(before["manifest.json"])
    assert project.compile(*again)[0] == 0
    assert tree(project.folder / "out") == built
