"""Every block has a golden case and an error case: its word stands in a right spec, and in what a wrong one is told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from sess.compiler.block import Kind
from sess.compiler.registry import registry

TESTS = Path(__file__).parents[1]
KINDS = (
    Kind.TABLE, Kind.FEATURES, Kind.SHAPE, Kind.DENSE, Kind.ENCODER, Kind.OBJECTIVE, Kind.HEAD, Kind.LOSS,
    Kind.BASELINE,
)  # fmt: skip
BLOCKS = [(kind, name) for kind in KINDS for name in registry().names(kind)]


def words(files: Iterable[Path]) -> set[str]:
    """Return the words of texts, without comments."""
    return {word for file in files for word in re.findall(r"\w+", re.sub(r"#.*", "", file.read_text()))}


RIGHT = words(TESTS.glob("golden/*/spec.sess"))
WRONG = words([*TESTS.glob("errors/*/spec.sess"), *TESTS.glob("errors/*/expected.txt")])


@pytest.mark.parametrize(("kind", "name"), BLOCKS)
def test_a_block_has_a_golden_case(kind: Kind, name: str) -> None:
    assert name in RIGHT, f"no spec of tests/golden has the {kind} `{name}`"


@pytest.mark.parametrize(("kind", "name"), BLOCKS)
def test_a_block_has_an_error_case(kind: Kind, name: str) -> None:
    assert name in WRONG, f"no spec of tests/errors has the {kind} `{name}`"
