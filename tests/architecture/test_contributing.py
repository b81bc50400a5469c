"""The block that CONTRIBUTING shows is one that a spec can name, when another distribution brings it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def plugin(root: Path, tmp_path: Path) -> Path:
    """Return a folder that holds an installed distribution with the shown block."""
    shown = re.search(r"^```python\n(.*?)^```", (root / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    folder = tmp_path / "site"
    facts = folder / "squash-1.0.dist-info"
    facts.mkdir(parents=True)
    (folder / "squash.py").write_text(shown[1])
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: squash\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[sess.blocks]\nsquash = squash\n")
    return folder


@pytest.mark.parametrize(("units", "code"), [(64, 0), (0, 1)])
def test_a_spec_can_name_the_shown_block(units: int, code: int, plugin: Path, root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "specs" / "shop.pbtxt", tmp_path / "schema.pbtxt")
    spec = tmp_path / "quickstart.sess"
    spec.write_text((root / "specs" / spec.name).read_text().replace("sasrec(layers=2, heads=2)", f"squash({units})"))
    command = [Path(sys.executable).with_name("sess"), "check", str(spec)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(plugin)})
    assert done.returncode == code, done.stdout + done.stderr
    assert ("must be at least 1" in done.stdout) == (code == 1)
