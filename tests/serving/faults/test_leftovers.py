"""The folder that a killed Triton leaves is removed by whom it belongs to, and no other is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sess.runtime.serve import leftovers


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scratch folder, on a machine that has an environment of somebody else."""
    monkeypatch.setattr(leftovers, "ENVIRONMENTS", tmp_path)
    (tmp_path / "python_env_other").mkdir()
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.mark.parametrize(("came", "kept"), [(["a"], []), (["a", "b"], ["a", "b"]), ([], [])])
def test_only_the_one_environment_that_came_is_removed(came: list[str], kept: list[str], scratch: Path) -> None:
    before = leftovers.environments()
    for name in came:
        scratch.with_name(f"python_env_{name}").mkdir()
    assert leftovers.note(scratch, before) == bool(came)
    leftovers.remove(scratch)
    assert [path.name for path in sorted(scratch.parent.iterdir())] == [
        f"python_env_{name}" for name in [*kept, "other"]
    ]


def test_an_environment_that_holds_something_stays(scratch: Path) -> None:
    before = leftovers.environments()
    used = scratch.with_name("python_env_a")
    used.mkdir()
    leftovers.note(scratch, before)
    (used / "file").write_text("")
    leftovers.remove(scratch)
    assert used.exists() and not scratch.exists()


def test_a_link_to_another_folder_is_not_followed(scratch: Path) -> None:
    target = scratch.with_name("empty")
    target.mkdir()
    (scratch / leftovers.NOTE).symlink_to(target)
    leftovers.remove(scratch)
    assert target.exists()
