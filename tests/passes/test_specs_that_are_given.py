"""The specs of `specs/` and the shared ones check and lower, unchanged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sess.compiler.driver import Checked, CheckOptions, compile_spec
from sess.compiler.source import Span

ROOT = Path(__file__).parents[2]
OWN = sorted(path.name for path in (ROOT / "specs").glob("*.sess"))


@pytest.mark.parametrize("name", OWN)
def test_an_own_spec_compiles_on_the_shop(name: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "specs" / name, tmp_path)
    shutil.copy(ROOT / "specs" / "shop.pbtxt", tmp_path / "schema.pbtxt")
    assert _program_of(compile_spec(tmp_path / name)) == Path(name).stem


@pytest.mark.shared
@pytest.mark.parametrize("name", ["beauty_sasrec", "movies"])
def test_a_shared_spec_compiles(name: str, shared: Path) -> None:
    assert _program_of(compile_spec(shared / "specs" / f"{name}.sess")) == name


@pytest.mark.shared
def test_the_shared_quickstart_compiles_beside_its_data(shared: Path, tmp_path: Path) -> None:
    shutil.copy(shared / "specs" / "quickstart.sess", tmp_path)
    shutil.copy(shared / "data" / "yoochoose100k" / "schema.pbtxt", tmp_path)
    assert _program_of(compile_spec(tmp_path / "quickstart.sess")) == "quickstart"


def test_overrides_reach_params_sections_and_the_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "specs" / "xlnet_masked.sess", tmp_path)
    monkeypatch.chdir(ROOT)
    overrides = {"schema": "specs/shop.pbtxt", "dim": "32", "train.epochs": "3", "data.train": "other.parquet"}
    program = compile_spec(tmp_path / "xlnet_masked.sess", CheckOptions(overrides, seed=9)).program
    assert program is not None
    assert program.model.tables[-1].dim == 32
    assert (program.train.epochs, program.train.seed, program.model.seed) == (3, 9, 9)
    assert (tmp_path / program.workflow.data.train[0]).resolve() == ROOT / "other.parquet"


def test_an_override_of_nothing_is_a_finding(tmp_path: Path) -> None:
    shutil.copy(ROOT / "specs" / "quickstart.sess", tmp_path)
    shutil.copy(ROOT / "specs" / "shop.pbtxt", tmp_path / "schema.pbtxt")
    checked = compile_spec(tmp_path / "quickstart.sess", CheckOptions({"epoch": "3"}))
    assert [(each.code.number, each.span.text) for each in checked.diagnostics] == [("S215", "epoch")]


def test_a_fix_that_is_applied_makes_the_finding_go() -> None:
    folder = ROOT / "tests" / "errors" / "s301_row_meets_seq"
    path = folder / "spec.sess"
    (finding,) = compile_spec(path, CheckOptions({"data.train": "x.parquet"})).diagnostics
    text = path.read_text(encoding="utf-8")
    for edit in sorted(finding.fixes[0].edits, key=lambda each: -each.span.start):
        text = _replaced(text, edit.span, edit.replacement)
    assert "concat(features(clicks), broadcast(features(context), to=clicks))" in text
    fixed = compile_spec(path, CheckOptions({"data.train": "x.parquet"}, text=text))
    assert fixed.diagnostics == ()


def _replaced(text: str, span: Span, replacement: str) -> str:
    return text[: span.start] + replacement + text[span.end :]


def _program_of(checked: Checked) -> str:
    assert [each.message for each in checked.diagnostics] == []
    assert checked.program is not None
    return checked.program.name
