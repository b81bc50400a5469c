"""Putting an artifact in its place on a disk that refuses any one call: the one before, or the new one, whole."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.faults.refusing import refusing

PUBLISH = """
import sys
from pathlib import Path
from sess.compiler.failures import RunFailed
from sess.runtime.build.publish import put_in_place
UNCONFIRMED = 200
try:
    put_in_place(*(Path(name) for name in sys.argv[1:]))
except OSError as error:
    sys.exit(error.errno)
except RunFailed as failure:
    sys.exit(UNCONFIRMED if "the artifact is at `" in failure.message else 1)
"""
UNCONFIRMED = 200  # as in the script: the new one is in its place, and a power cut may take it back


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def fill(folder: Path, text: str) -> dict[str, str]:
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("manifest.json", "model/weights", "triton/1/config"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return tree(folder)


@pytest.mark.parametrize("swaps", ["exchange", "rename"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_any_call_that_fails_leaves_one_whole_artifact(error: int, swaps: str, tmp_path: Path, refuse: Path) -> None:
    fresh, target, aside = (tmp_path / "disk" / name for name in (".out.work/artifact", "out", ".out.work/old"))
    command = [sys.executable, "-c", PUBLISH, fresh, target, aside]
    ends = []
    for n in range(1, 40):
        mark = tmp_path / f"refused {n}"
        before, new = fill(target, "before"), fill(fresh, "new")
        environment = os.environ | refusing(refuse, tmp_path / "disk", n, mark, error)
        if swaps == "rename":
            environment["REFUSE_EXCHANGE"] = "1"
        ends.append(subprocess.run(command, env=environment, check=False).returncode)
        assert tree(target) == (before if ends[-1] == error else new)
        if not mark.exists():
            break
    assert ends[-1] == 0 and set(ends) == {0, error, UNCONFIRMED}
    assert ends.count(UNCONFIRMED) == 1  # the flush of the folder that has the new name
    assert ends.count(0) < 5
