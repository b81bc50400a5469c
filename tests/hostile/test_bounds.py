"""Hostile texts end in a finding: 300 MB, exit code 1 or 2, no traceback. For seconds: tests/benchmarks/hostile.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from bombs import SPECS
from bounded import lay, run

ROOT = Path(__file__).parents[2]
MEGABYTES = 300
FEW = ("100,000 nested brackets", "150 nested calls", "lets 900 deep", "pipes that double", "10,000 mistakes",
       "escapes without end", "half a surrogate pair", "a schema of words")  # fmt: skip

NAMES = ('a"; import os; #', "{{7*7}}", "a\nb", "${HOME}", "\u202egnp.exe", "\x1b[2J", "%0A::error::x")


@pytest.mark.parametrize("name", [pytest.param(each, marks=() if each in FEW else pytest.mark.slow) for each in SPECS])
def test_a_hostile_spec_is_a_cheap_finding(name: str, tmp_path: Path) -> None:
    lay(SPECS[name], tmp_path)
    code, output, _, megabytes = run(tmp_path, "check", "spec.sess")
    assert code in (1, 2), output[-500:]
    assert "Traceback" not in output
    assert ("error[S" in output) or output.startswith("error:")
    assert "root:" not in output  # nothing of a file outside of the project is shown
    assert len(output) < 500_000
    assert megabytes < MEGABYTES


@pytest.mark.parametrize("command", [("fmt", "--check"), ("render",), ("graph", "-o", "x.svg"), ("diff", "spec.sess")])
@pytest.mark.parametrize("name", FEW)
@pytest.mark.slow
def test_other_commands_survive_what_a_check_refuses(name: str, command: tuple[str, ...], tmp_path: Path) -> None:
    lay(SPECS[name], tmp_path)
    code, output, _, megabytes = run(tmp_path, command[0], "spec.sess", *command[1:])
    assert code in (0, 1, 2), output[-500:]
    assert "Traceback" not in output
    assert megabytes < MEGABYTES


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_can_not_lead_out_of_the_project(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "secret.pbtxt"
    inside.mkdir()
    outside.write_text('feature { name: "secret_column" }')
    (inside / "shop.pbtxt").symlink_to(outside)
    (inside / "spec.sess").write_text('spec s\nschema "shop.pbtxt"\nimport "common.sess"\nhead h = popular(secret)')
    (inside / "common.sess").symlink_to("/etc/passwd")
    code, output, _, _ = run(inside, "check", "spec.sess")
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
        code, output, _, _ = run(tmp_path, "check", "spec.sess", "--format", form)
        assert code == 1
        assert "\x1b" not in output
        assert "\u202e" not in output
        assert "`49`" not in output
        if form == "github":
            assert all(line.startswith("::") for line in output.splitlines() if "%0A::error" not in line and line)
