"""`sess.toml` and `[tool.sess]` set the defaults of switches; what they can't mean is told with file and key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sess.compiler.cli.main import run

SPEC = """spec shop

schema "schema.pbtxt"

columns item = tag(ITEM_ID)

head click = features(item) >> gru(units=64) >> categorical(item)
"""


@pytest.fixture
def project(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory: a project with a spec that has one finding."""
    (tmp_path / "schema.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    (tmp_path / "spec.sess").write_text(SPEC)
    (tmp_path / "sess.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_sets_the_default_of_a_switch(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "sess.toml").write_text('[check]\nformat = "json"\n')
    assert run(["check", "spec.sess"]) == 1
    assert json.loads(capsys.readouterr().out)["error_count"] == 1


def test_the_command_line_wins_over_the_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "sess.toml").write_text('[check]\nformat = "json"\n')
    assert run(["check", "spec.sess", "--format", "concise"]) == 1
    assert capsys.readouterr().out.startswith("spec.sess:")


@pytest.mark.parametrize("name", ["sess.toml", "pyproject.toml"])
def test_the_nearest_file_upwards_wins(
    name: str, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sess.toml").write_text('[check]\nformat = "github"\n')
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    near = "[tool.sess.check]" if name == "pyproject.toml" else "[check]"
    (project / "a" / name).write_text(f'{near}\nformat = "json"\n')
    monkeypatch.chdir(inner)
    assert run(["check", "../../spec.sess"]) == 1
    assert json.loads(capsys.readouterr().out)["error_count"] == 1


def test_a_pyproject_without_sess_is_passed_over(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sess.toml").write_text('[check]\nformat = "json"\n')
    (project / "inner").mkdir()
    (project / "inner" / "pyproject.toml").write_text('[project]\nname = "sessions"\n')
    monkeypatch.chdir(project / "inner")
    assert run(["check", "../spec.sess"]) == 1
    assert json.loads(capsys.readouterr().out)["error_count"] == 1


def test_paths_are_relative_to_the_file(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sess.toml").write_text('[check]\noutput-file = "found.txt"\nset = ["train.objective=next"]\n')
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")
    assert run(["check", "../spec.sess"]) == 0, capsys.readouterr().err
    assert (project / "found.txt").is_file()


@pytest.mark.parametrize("memory", ['memory = "1KiB"\n', '[check]\nmemory = "1KiB"\n'])
def test_memory_may_stand_for_all_commands_or_for_one(
    memory: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "sess.toml").write_text(memory)
    run(["check", "spec.sess", "--set", "train.objective=next", "--format", "concise"])
    assert "S910" in capsys.readouterr().out
    assert run(["rules"]) == 0  # which has no use for it


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("[chekc]\n", "`sess.toml` has `chekc`, which is no command and no setting", "did you mean `check`?"),
        ('format = "json"\n', "`sess.toml` has `format`, which is no command and no setting", ""),
        ("check = 1\n", "`sess.toml` gives `check` a value, and it is a command", "write a table: `[check]`"),
        (
            "[compile]\nepoch = 3\n",
            "`sess.toml` has `compile.epoch`, and `sess compile` has no `--epoch`", "did you mean `epochs`?",
        ),
        ('[compile]\nepochs = "3"\n', '`sess.toml` gives `compile.epochs` "3", and it takes a whole number', ""),
        ("[compile]\nepochs = true\n", "`sess.toml` gives `compile.epochs` true, and it takes a whole number", ""),
        ("[compile]\nepochs = 0\n", "`sess.toml` gives `compile.epochs` 0: 0 is not in the range x>=1", ""),
        ('[check]\nformat = "jsn"\n', "`sess.toml` gives `check.format` \"jsn\": 'jsn' is not one of", ""),
        ("[check]\nfix = 1\n", "`sess.toml` gives `check.fix` 1, and it takes `true` or `false`", ""),
        ('[check]\nset = "dim=3"\n', '`sess.toml` gives `check.set` "dim=3", and it takes a list', '`["dim=3"]`'),
        ('memory = "much"\n', '`sess.toml` gives `memory` "much"', "24GiB"),
        ("[check\n", "`sess.toml` can't be read as TOML", ""),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_with_file_and_key(
    text: str, message: str, help: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "sess.toml").write_text(text)
    assert run(["check", "spec.sess"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err and help in said.err


def test_an_empty_file_costs_no_parser(project: Path) -> None:
    code = (
        "import sys; from sess.compiler.cli.main import run; run(['check', 'spec.sess']);"
        "sys.exit('tomllib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True).returncode == 0
