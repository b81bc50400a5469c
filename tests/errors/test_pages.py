"""Every code has a page whose examples do what they say, and a case beside this file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sess.compiler.codes import ALL
from sess.compiler.diagnostics import Code, Diagnostic
from sess.compiler.pages import FOLDER, SPEC, Example, page

Run = Callable[[Path, Sequence[str]], tuple[Diagnostic, ...]]

CODES = pytest.mark.parametrize("code", ALL, ids=[code.number for code in ALL])
CASES = Path(__file__).parent


@CODES
def test_the_wrong_example_has_this_code_and_no_other(code: Code, tmp_path: Path, root: Path, findings: Run) -> None:
    example = page(code).wrong
    found = findings(_written(example, tmp_path, root), example.command)
    assert {each.code for each in found} == {code}


@CODES
def test_the_right_example_is_clean(code: Code, tmp_path: Path, root: Path, findings: Run) -> None:
    example = page(code).right
    assert findings(_written(example, tmp_path, root), example.command) == ()


@CODES
def test_a_code_has_a_case(code: Code) -> None:
    assert list(CASES.glob(f"{code.number.lower()}_*/spec.sess"))


def test_there_are_sixty_codes_and_none_shares_its_number_or_name() -> None:
    assert len(ALL) >= 60
    assert len({code.number for code in ALL}) == len({code.name for code in ALL}) == len(ALL)


def test_no_page_is_of_a_code_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {code.number for code in ALL}


def _written(example: Example, folder: Path, root: Path) -> Path:
    shutil.copy(root / "specs" / "shop.pbtxt", folder)
    for name, text in example.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / SPEC
