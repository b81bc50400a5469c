"""Specs with several mistakes: a line marked `#! S203` gets exactly these codes, and no other line gets any."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from sess.compiler.driver import check_spec

SPECS = sorted((Path(__file__).parent / "marked").glob("*.sess"))
MARK = re.compile(r"#! (S\d{3}(?: S\d{3})*)$")


@pytest.mark.parametrize("spec", SPECS, ids=[spec.stem for spec in SPECS])
def test_every_mistake_is_found_once_and_none_is_caused_by_another(spec: Path) -> None:
    marks = ((number, MARK.search(line)) for number, line in enumerate(spec.read_text().splitlines(), 1))
    expected = Counter((number, code) for number, mark in marks if mark for code in mark[1].split())
    found = Counter((each.span.first.line, each.code.number) for each in check_spec(spec).diagnostics)
    assert sorted(found.elements()) == sorted(expected.elements())
