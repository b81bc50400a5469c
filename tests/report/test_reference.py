"""The language reference says the truth: its examples check, and its tables are what the registry has."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sess.compiler.driver import check_spec
from sess.compiler.registry import registry
from sess.compiler.report.reference import PAGE, written

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sess\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split()[1])
def test_an_example_checks_clean_and_lowers(example: str, root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "specs" / "shop.pbtxt", tmp_path)
    (tmp_path / "example.sess").write_text(example)
    checked = check_spec(tmp_path / "example.sess")
    assert [each.message for each in checked.diagnostics] == []
    assert checked.program is not None


def test_its_tables_are_fresh() -> None:
    assert written(TEXT) == TEXT, "run `make docs`"


def test_it_has_every_word_of_the_registry() -> None:
    assert [entry.name for entry in registry() if f"| `{entry.name}" not in TEXT] == []
