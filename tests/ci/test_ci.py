"""What other people's CI runs: the steps of the action, and the hooks by pre-commit itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

WRONG = """\
spec shop
schema "shop.pbtxt"
head click = features(item_idd) >> gru(8) >> categorical(item_id)
train { objective = next }
"""
RIGHT = WRONG.replace("item_idd", "item_id")


def _act(root: Path, folder: Path, specs: str) -> tuple[int, str]:
    """Run the action's own script as a runner would; return exit code and output."""
    steps = yaml.safe_load((root / "action.yml").read_text())["runs"]["steps"]
    script = next(step["run"] for step in steps if step.get("id") == "check")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {
        **os.environ, "PATH": path, "SPECS": specs, "SARIF": "sess.sarif",
        "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }  # fmt: skip
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


def _lay(root: Path, folder: Path, text: str) -> None:
    (folder / "specs").mkdir()
    shutil.copy(root / "specs" / "shop.pbtxt", folder / "specs")
    (folder / "specs" / "a b.sess").write_text(text)


def test_the_action_annotates_uploads_and_summarises(root: Path, tmp_path: Path) -> None:
    _lay(root, tmp_path, WRONG)
    code, output = _act(root, tmp_path, "**/*.sess")
    assert code == 1
    assert output.startswith("::error file=specs/a b.sess,line=3,")
    assert json.loads((tmp_path / "sess.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "output").read_text() == "sarif=sess.sarif\n"
    assert "    error[S" in (tmp_path / "summary.md").read_text()


def test_the_action_passes_what_is_right(root: Path, tmp_path: Path) -> None:
    _lay(root, tmp_path, RIGHT)
    assert _act(root, tmp_path, "specs/*.sess") == (0, "")
    assert "no findings" in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize("specs", ["nothing/*.sess", "$(touch canary)", "`touch canary`; touch canary"])
def test_the_action_refuses_what_matches_nothing_and_runs_none_of_it(root: Path, tmp_path: Path, specs: str) -> None:
    code, _ = _act(root, tmp_path, specs)
    assert code == 2
    assert not (tmp_path / "canary").exists()


@pytest.mark.registry
@pytest.mark.slow
def test_pre_commit_runs_both_hooks_on_a_light_install(root: Path, tmp_path: Path) -> None:
    def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)

    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}
    venv.create(tmp_path / "venv", with_pip=True)
    tool = tmp_path / "venv" / "bin"
    installed = run(str(tool / "pip"), "install", "-q", "pre-commit", cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    hooks, mine = tmp_path / "hooks", tmp_path / "mine"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=root).stdout.split("\0")
    for name in listed:
        if name and not name.startswith("tests/") and (root / name).is_file():
            (hooks / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, hooks / name)
    mine.mkdir()
    _lay(root, mine, WRONG)
    for folder in (hooks, mine):
        author = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
        for command in (("init", "-q"), ("add", "-A"), (*author, "commit", "-qm", "all")):
            assert run("git", *command, cwd=folder).returncode == 0
    tried = run(str(tool / "pre-commit"), "try-repo", str(hooks), "sess-check", "--all-files", cwd=mine)
    assert "error[S" in tried.stdout, tried.stdout + tried.stderr
    assert tried.returncode == 1
    (mine / "specs" / "a b.sess").write_text(RIGHT)
    tried = run(str(tool / "pre-commit"), "try-repo", str(hooks), "sess-check", "--all-files", cwd=mine)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    (mine / "specs" / "a b.sess").write_text(RIGHT.replace("head click", "head   click"))
    tried = run(str(tool / "pre-commit"), "try-repo", str(hooks), "sess-fmt", "--all-files", cwd=mine)
    assert "files were modified by this hook" in tried.stdout, tried.stdout + tried.stderr
    assert not list((tmp_path / "home").rglob("tensorflow"))
