"""The rooms keep their walls: layers, one idea a file, and a first line that says it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for top in ("compiler", "grammar", "runtime", "tests") for path in (ROOT / top).rglob("*.py"))
CODE = [path for path in FILES if ROOT / "tests" not in path.parents]
LONGEST = 300
VAGUE = {"utils.py", "helpers.py", "common.py", "base.py", "misc.py"}


def test_the_contracts_between_the_folders_hold(root: Path) -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True, env=_with_typing(root))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_of_the_architecture_is_there(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {"light", "parsed", "blocks"} <= {contract["id"] for contract in contracts}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_begins_with_one_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and not text.strip():
        return
    documented = ast.get_docstring(ast.parse(text))
    assert documented, "no docstring"
    assert text.startswith('"""'), "the docstring isn't the first line"
    assert re.search(r"[.?!]$", documented.splitlines()[0]), "the first line isn't a sentence"


def test_no_file_of_ours_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [path for path in FILES if path.name in VAGUE] == []


def test_the_links_for_type_checkers_reach_every_folder(root: Path) -> None:
    links = root / ".typing" / "sess"
    assert {path.name for path in links.iterdir()} == {"__init__.py", "testing", "compiler", "grammar", "runtime"}
    assert [path for path in links.iterdir() if not path.is_symlink() or not path.exists()] == []
    assert [path for path in links.iterdir() if path.readlink().is_absolute()] == []


def _with_typing(root: Path) -> dict[str, str]:
    # The linter finds packages by their folders, which an editable install doesn't have under `sess`.
    return {**os.environ, "PYTHONPATH": str(root / ".typing")}
