"""`sess check` is light: what it imports, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "tensorflow",
    "keras",
    "merlin",
    "nvtabular",
    "dask",
    "pandas",
    "numpy",
    "pyarrow",
    "tritonclient",
    "jinja2",
    "pygls",
)
PROBE = """
import sys
from sess.compiler.cli.main import run
code = run(sys.argv[1:])
tops = {name.partition(".")[0] for name in sys.modules}
print(*sorted(tops | {name for name in sys.modules if name.startswith("sess.")}))
sys.exit(code)
"""


@pytest.fixture
def spec(root: Path, tmp_path: Path) -> Path:
    """Return `quickstart.sess` beside the schema it names."""
    shutil.copy(root / "specs" / "shop.pbtxt", tmp_path / "schema.pbtxt")
    return Path(shutil.copy(root / "specs" / "quickstart.sess", tmp_path))


def test_check_imports_nothing_heavy(spec: Path) -> None:
    code, modules = _imports_of("check", str(spec))
    assert code == 0
    assert modules & set(HEAVY) == set()
    assert {name for name in modules if name.startswith("sess.runtime")} == set()


@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_a_finding_imports_nothing_heavy(form: str, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("tag(ITEM_ID)", "tag(NOBODY_HAS_IT)"))
    code, modules = _imports_of("check", "--format", form, str(spec))
    assert code == 1
    assert modules & set(HEAVY) == set()


def test_formatting_imports_nothing_heavy(spec: Path) -> None:
    code, modules = _imports_of("fmt", "--check", str(spec))
    assert code == 0
    assert modules & set(HEAVY) == set()


def test_the_help_imports_no_command() -> None:
    code, modules = _imports_of("--help")
    assert code == 0
    assert {name for name in modules if name.startswith("sess.compiler.cli.")} == {"sess.compiler.cli.main"}


def _imports_of(*arguments: str) -> tuple[int, set[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, env=environment)
    assert done.stdout, done.stderr
    return done.returncode, set(done.stdout.splitlines()[-1].split())
