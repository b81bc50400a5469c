"""What every test can ask for: the real data beside the checkout, and a package registry."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine has no data or no registry for."""
    for item in items:
        if item.get_closest_marker("shared") and not (SHARED / "data").is_dir():
            item.add_marker(pytest.mark.skip(reason=f"no real data beside the checkout ({SHARED.name}/data)"))
        if item.get_closest_marker("registry") and not _has_registry():
            item.add_marker(pytest.mark.skip(reason="pip reaches no package registry"))


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data and specs; for tests marked `shared`."""
    return SHARED


@cache
def _has_registry() -> bool:
    # A question about one small package, under the user's own configuration of pip.
    asking = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "lark"]
    try:
        done = subprocess.run([*asking, "--retries", "0", "--timeout", "5"], capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
