"""Every folder beside this file is a spec that is right, the types that are inferred, and the program it becomes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sess.compiler import codec
from sess.compiler.driver import Checked, check_spec
from sess.compiler.plans import Program

HERE = Path(__file__).parent
CASES = sorted(folder.parent.name for folder in HERE.glob("*/spec.sess"))


@pytest.mark.parametrize("case", CASES)
def test_types_are_as_expected(case: str) -> None:
    checked = check_spec(HERE / case / "spec.sess")
    assert [each.message for each in checked.diagnostics] == []
    _compare(HERE / case / "types.txt", _types(checked))


@pytest.mark.parametrize("case", CASES)
def test_the_program_is_as_expected(case: str) -> None:
    program = check_spec(HERE / case / "spec.sess").program
    assert program is not None
    _compare(HERE / case / "program.json", json.dumps(codec.encode(program), indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("case", CASES)
def test_a_program_survives_json(case: str) -> None:
    program = check_spec(HERE / case / "spec.sess").program
    assert codec.decode(Program, json.loads(codec.dumps(program))) == program


def _types(checked: Checked) -> str:
    assert checked.graph is not None
    return "".join(f"{node.id}: {checked.graph.types[node.id]}\n" for node in checked.graph.graph.order())


def _compare(expected: Path, found: str) -> None:
    if os.environ.get("SESS_UPDATE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")
