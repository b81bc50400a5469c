"""A wheel that isn't ours brings blocks, which `sess.testing` tries in one line, and tells when they are broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "toy"
BROKEN = {
    "forgetful_mean": "padding does not exist",
    "peeking": "the future does not exist",
    "restless": "training stays in training",
    "liar": "the checked type is the shape",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that pip installed the toy into, offline."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(TOY, folder / "toy", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", folder / "site", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def run_pytest(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder of a third party, which knows nothing of our tests."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "sess.testing", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**settings, "PYTHONPATH": str(installed)}
    )


@pytest.mark.slow
def test_a_block_of_another_wheel_is_tried_in_one_line(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        'from sess.testing import laws\n\ntest_running_mean = laws("running_mean(units=8)")\n'
    )
    done = run_pytest(installed, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None and int(passed[1]) >= 12


@pytest.mark.slow
def test_a_broken_block_is_told_by_the_name_of_its_law(installed: Path, tmp_path: Path) -> None:
    done = run_pytest(installed, tmp_path, *(f"--sess-laws={name}" for name in BROKEN))
    assert done.returncode == 1, done.stdout + done.stderr
    failed = re.findall(r"^FAILED .*?(\w+)\[(.*)\]", done.stdout, re.MULTILINE)
    for name, law in BROKEN.items():
        assert [each for block, each in failed if block == name and each.startswith(law)], done.stdout
    assert '`forgetful_mean` breaks the law "padding does not exist"' in done.stdout
    assert "`query` is Seq[T, 7] to the checker and Seq[T, 16] to Keras" in done.stdout
    assert re.search(r"[0-9]+ passed", done.stdout), "a broken block keeps the laws that it doesn't break"
