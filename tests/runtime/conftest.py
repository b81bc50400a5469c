"""What tests of faults share: the library by which a disk refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.faults.refusing import built_library


@pytest.fixture(scope="session")
def refuse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the library."""
    return built_library(tmp_path_factory.mktemp("refuse"))
