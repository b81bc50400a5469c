"""Stages are kept, resumed or begun anew by their keys, and an artifact appears whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sess.compiler.backend import Stage
from sess.compiler.failures import Misused
from sess.runtime.build.publish import put_in_place
from sess.runtime.build.workspace import SCRATCH, open_workspace, refuse_if_busy
from tests.runtime.faults.refusing import refusing


def test_a_stage_of_another_key_begins_in_an_empty_folder(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "out") as workspace:
        (workspace.begin(Stage.TRAIN, "one") / "weights").write_text("old")
        assert not list(workspace.begin(Stage.TRAIN, "two").glob("weights"))


def test_an_interrupted_stage_keeps_what_it_left(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "out") as workspace:
        (workspace.begin(Stage.TRAIN, "one") / "epoch").write_text("3")
    with open_workspace(tmp_path / "out") as workspace:
        assert not workspace.is_done(Stage.TRAIN, "one")
        assert (workspace.begin(Stage.TRAIN, "one") / "epoch").read_text() == "3"


def test_a_finished_stage_is_done_only_for_its_key(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "out") as workspace:
        workspace.begin(Stage.PREPARE, "one")
        workspace.finish(Stage.PREPARE, "one", {"sessions": 3})
        assert workspace.is_done(Stage.PREPARE, "one")
        assert not workspace.is_done(Stage.PREPARE, "two")
        assert workspace.result(Stage.PREPARE) == {"sessions": 3}


def test_two_builds_of_one_directory_do_not_mix(tmp_path: Path) -> None:
    first = open_workspace(tmp_path / "out")
    with first:
        with pytest.raises(Misused, match=f"another build .* process {os.getpid()}"), open_workspace(tmp_path / "out"):
            pass
        with pytest.raises(Misused, match="another build"):
            refuse_if_busy(tmp_path / "out")
    refuse_if_busy(tmp_path / "out")


def test_whether_a_directory_is_busy_is_asked_without_a_trace(tmp_path: Path) -> None:
    refuse_if_busy(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_build_was_about_to_replace_is_swept(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "out") as workspace:
        folder = workspace.begin(Stage.TRAIN, "one")
        for name in ("state.npz", "state.npz.new"):
            (folder / name).write_text("half" if name.endswith("new") else "whole")
        (workspace.aside / "model").mkdir(parents=True)
        (folder / SCRATCH / "train").mkdir(parents=True)
    with open_workspace(tmp_path / "out") as workspace:
        assert not (workspace.folder(Stage.TRAIN) / SCRATCH).exists()
        assert [path.name for path in workspace.root.glob("*/state*")] == ["state.npz"]
        assert not workspace.aside.exists()


OPENED = """
import sys
from pathlib import Path
from sess.compiler.failures import Failure
from sess.runtime.build.workspace import open_workspace
try:
    with open_workspace(Path(sys.argv[1])):
        pass
except Failure as failure:
    sys.exit(failure.exit_code)
"""


@pytest.mark.parametrize(("n", "code"), [(1, 4), (2, 0), (3, 0)], ids=["made", "emptied", "signed"])
def test_a_full_disk_is_told_before_a_build_begins(n: int, code: int, tmp_path: Path, refuse: Path) -> None:
    mark = tmp_path / "refused"
    environment = os.environ | refusing(refuse, tmp_path / "disk", n, mark)
    (tmp_path / "disk").mkdir()
    command = [sys.executable, "-c", OPENED, tmp_path / "disk" / "out"]
    assert subprocess.run(command, env=environment, check=False).returncode == code
    assert mark.exists()


def test_a_folder_that_is_no_artifact_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(Misused, match="not an artifact"), open_workspace(tmp_path / "out"):
        pass
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(("name", "why"), [("x" * 300, "File name too long"), ("x\udcff", "is not UTF-8")])
def test_a_name_that_no_folder_can_have_is_refused(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(Misused, match=why), open_workspace(tmp_path / name):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_new_directory_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    fresh, target = tmp_path / "fresh", tmp_path / "out"
    for folder, text in ((fresh, "new"), (target, "old")):
        folder.mkdir()
        (folder / "file").write_text(text)
    put_in_place(fresh, target, tmp_path / "aside")
    assert (target / "file").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
