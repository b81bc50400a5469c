"""What the set-up installs is pinned by content, comes from wherever pip is told, and matches what we declare."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

LOCKS = ("requirements.lock", "build-requirements.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_a_hash(name: str, root: Path) -> None:
    blocks = _packages(root / name)
    assert blocks
    assert [
        line for line, hashes in blocks.items() if not hashes or not re.match(r"^[a-z0-9-]+(\[.*\])?==\S+$", line)
    ] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str, root: Path) -> None:
    text = (root / name).read_text()
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host| @ ", text)


def test_every_declared_requirement_is_locked_at_a_version_it_allows(root: Path) -> None:
    locked = {line.split("==")[0]: Version(line.split("==")[1]) for line in _packages(root / "requirements.lock")}
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(line for extra in ("train", "serve", "dev") for line in extras[extra])]
    wanted = [Requirement(line) for line in asked if not line.startswith("sess[")]
    assert [str(each) for each in wanted if locked[each.name] not in each.specifier] == []


def test_the_core_asks_for_nothing_heavy(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    names = {Requirement(line).name for line in project["dependencies"]}
    assert names == {"lark", "networkx", "protobuf", "click", "rich", "jinja2"}


def _packages(lock: Path) -> dict[str, list[str]]:
    """Return the hashes by `name==version`."""
    joined = lock.read_text().replace("\\\n", " ")
    lines = [line.split() for line in joined.splitlines() if line and not line.startswith("#")]
    return {words[0]: [word for word in words[1:] if word.startswith("--hash=sha256:")] for words in lines}
