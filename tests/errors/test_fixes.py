"""Applying the safe fixes of every wrong spec mends what they are fixes of, and breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.fixes import mended

HERE = Path(__file__).parent
SPECS = sorted(HERE.glob("*/spec.sess"))
FIXABLE = [spec for spec in SPECS if any(fix.is_safe for each in check_spec(spec).diagnostics for fix in each.fixes)]


@pytest.mark.parametrize("spec", FIXABLE, ids=[spec.parent.name for spec in FIXABLE])
def test_a_spec_with_its_fixes_applied_no_longer_has_what_they_mend(spec: Path) -> None:
    before = check_spec(spec)
    fixable = {
        (each.code.number, each.message) for each in before.diagnostics if any(fix.is_safe for fix in each.fixes)
    }
    text = before.source.text
    for _ in range(10):
        checked = check_spec(spec, CheckOptions(text=text))
        fresh = mended(checked.source, checked.diagnostics)
        if fresh == text:
            break
        text = fresh
    after = {(each.code.number, each.message) for each in check_spec(spec, CheckOptions(text=text)).diagnostics}
    assert not after & fixable
    assert len(after) <= len(before.diagnostics)  # one that is mended may bring another to light
    assert not any(number.startswith("S1") for number, _ in after - fixable)


def test_many_findings_have_a_fix() -> None:
    assert len(FIXABLE) >= 14
