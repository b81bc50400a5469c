"""The block that CONTRIBUTING shows is one that a spec can name, when the wheel that it shows beside brings it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SESS = Path(sys.executable).with_name("sess")


@pytest.fixture(scope="module")
def plugin(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that pip installed the shown block into by the shown pyproject, offline."""
    folder, text = tmp_path_factory.mktemp("squash"), (root / "CONTRIBUTING.md").read_text()
    for language, name in (("python", "squash.py"), ("toml", "pyproject.toml")):
        shown = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        assert shown
        (folder / name).write_text(shown[1])
    (folder / "test_squash.py").write_text("")  # what stands beside it is no part of the wheel
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", folder / "site", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (folder / "site" / "test_squash.py").exists()
    return folder / "site"


def run(plugin: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SESS, *words], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(plugin)})


@pytest.mark.parametrize(("units", "code"), [(64, 0), (0, 1)])
def test_a_spec_can_name_the_shown_block(units: int, code: int, plugin: Path, root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "specs" / "shop.pbtxt", tmp_path / "schema.pbtxt")
    spec = tmp_path / "quickstart.sess"
    spec.write_text((root / "specs" / spec.name).read_text().replace("sasrec(layers=2, heads=2)", f"squash({units})"))
    done = run(plugin, "check", spec)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("must be at least 1" in done.stdout) == (code == 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("import annotations", "import annotation", "the blocks of `squash` can't be loaded: SyntaxError"),
        ("def lower", "def lowr", "the blocks of `squash` can't be loaded: TypeError: Can't instantiate"),
        ('name = "squash"', 'name = "gru"', "`gru` is given by sess.compiler.blocks.encoders.gru and by squash"),
    ],
)
def test_a_broken_wheel_is_told_as_one(old: str, new: str, said: str, plugin: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(plugin, tmp_path / "site", ignore=shutil.ignore_patterns("__pycache__"))
    module = broken / "squash.py"
    module.write_text(module.read_text().replace(old, new))
    done = run(broken, "blocks", "gru")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {said}")
    assert "squash`" in done.stderr.splitlines()[1] or "of squash" in done.stderr.splitlines()[1]
