"""Hostile texts cost little and end in a finding: two seconds, 300 MB, exit code 1 or 2, no traceback."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bombs import SPECS, Bomb

ROOT = Path(__file__).parents[2]
SECONDS, MEGABYTES = 2.0, 300
FEW = ("100,000 nested brackets", "150 nested calls", "lets 900 deep", "pipes that double", "10,000 mistakes",
       "escapes without end", "half a surrogate pair", "a schema of words")  # fmt: skip

NAMES = ('a"; import os; #', "{{7*7}}", "a\nb", "${HOME}", "\u202egnp.exe", "\x1b[2J", "%0A::error::x")


def _lay(bomb: Bomb, folder: Path) -> None:
    shutil.copy(ROOT / "specs" / "shop.pbtxt", folder)
    (folder / "spec.sess").write_text(bomb.text, encoding="utf-8")
    for name, content in bomb.files.items():
        (folder / name).write_text(content, encoding="utf-8")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))


def _run(folder: Path, *arguments: str) -> tuple[int, str, float, float]:
    """Return exit code, all output, CPU seconds and peak megabytes; CPU, since the machine may be busy."""
    # A small process in between: the peak of a child begins at the size of who started it.
    watch = (
        "import os, resource, subprocess, sys\n"
        "code = subprocess.call(sys.argv[1:])\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print('\\nused', code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    command = [sys.executable, "-c", watch, sys.executable, "-m", "sess.compiler.cli.main", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, preexec_fn=_limit)
    output, _, used = (done.stdout).rpartition("\nused ")
    code, seconds, megabytes = used.split()
    return int(code), output + done.stderr, float(seconds), float(megabytes)


@pytest.mark.parametrize("name", [pytest.param(each, marks=() if each in FEW else pytest.mark.slow) for each in SPECS])
def test_a_hostile_spec_is_a_cheap_finding(name: str, tmp_path: Path) -> None:
    _lay(SPECS[name], tmp_path)
    code, output, seconds, megabytes = _run(tmp_path, "check", "spec.sess")
    assert code in (1, 2), output[-500:]
    assert "Traceback" not in output
    assert ("error[S" in output) or output.startswith("error:")
    assert "root:" not in output  # nothing of a file outside of the project is shown
    assert len(output) < 500_000
    assert seconds < SECONDS
    assert megabytes < MEGABYTES


@pytest.mark.parametrize("command", [("fmt", "--check"), ("render",), ("graph", "-o", "x.svg"), ("diff", "spec.sess")])
@pytest.mark.parametrize("name", FEW)
@pytest.mark.slow
def test_other_commands_survive_what_a_check_refuses(name: str, command: tuple[str, ...], tmp_path: Path) -> None:
    _lay(SPECS[name], tmp_path)
    code, output, seconds, megabytes = _run(tmp_path, command[0], "spec.sess", *command[1:])
    assert code in (0, 1, 2), output[-500:]
    assert "Traceback" not in output
    assert seconds < 2 * SECONDS
    assert megabytes < MEGABYTES


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_can_not_lead_out_of_the_project(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "secret.pbtxt"
    inside.mkdir()
    outside.write_text('feature { name: "secret_column" }')
    (inside / "shop.pbtxt").symlink_to(outside)
    (inside / "spec.sess").write_text('spec s\nschema "shop.pbtxt"\nimport "common.sess"\nhead h = popular(secret)')
    (inside / "common.sess").symlink_to("/etc/passwd")
    code, output, _, _ = _run(inside, "check", "spec.sess")
    assert code == 1
    assert output.count("error[S217]") == 2
    assert "feature" not in output


@pytest.mark.parametrize(
    "name", ['a"; import os; #', "{{7*7}}", "a\nb", "${HOME}", "\u202egnp.exe", "\x1b[2J", "%0A::error::x"]
)
def test_a_hostile_name_is_shown_and_does_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "shop.pbtxt").write_text(json.dumps({"feature": [{"name": name}, {"name": name}]}))
    (tmp_path / "spec.sess").write_text('spec s\nschema "shop.pbtxt"\nhead h = popular(item_id)')
    for form in ("text", "concise", "github", "json"):
        code, output, _, _ = _run(tmp_path, "check", "spec.sess", "--format", form)
        assert code == 1
        assert "\x1b" not in output
        assert "\u202e" not in output
        assert "`49`" not in output
        if form == "github":
            assert all(line.startswith("::") for line in output.splitlines() if "%0A::error" not in line and line)
