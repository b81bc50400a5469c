"""A stage runs again when its code changes: its own, all that it imports, its templates, and blocks of other wheels."""

from __future__ import annotations

from pathlib import Path

import pytest

from sess.runtime.build.code import ROOT, needed, of_code, of_plug_ins

FILES = {
    "export/run.py": "from sess.write import text\n\ndef run():\n    from sess.deep import late\n",
    "export/page.jinja": "{{ name }}",
    "write/text.py": "import sess.letters\nfrom .own import (\n    first,\n    second,\n)\n",
    "write/own/second.py": "",
    "write/__init__.py": "",
    "letters.py": "",
    "deep.py": "late = 1\n",
    "steps/copied.py": "",
    "other/run.py": "",
    "other/page.jinja": "",
}
NEEDED = [name for name in FILES if not name.startswith("other/")]


def write(root: Path) -> Path:
    """Write a small tree of code."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("name", FILES)
def test_the_digest_is_that_of_what_is_needed(name: str, tmp_path: Path) -> None:
    root = write(tmp_path)
    before = of_code("export/run.py", "steps", root=root)
    (root / name).write_text(FILES[name] + "# changed\n")
    assert (of_code("export/run.py", "steps", root=root) != before) == (name in NEEDED)


STAGES = {
    "prepare": ["runtime/steps/transform.py", "compiler/plans.py"],
    "train": ["runtime/asking.py", "runtime/model.py", "runtime/evaluate/ranking.py"],
    "evaluate": ["runtime/baselines/neighbours.py"],
    "export": ["runtime/serve/gateway/wire.py", "runtime/verify/walk.py", "runtime/steps/answer.py"],
    "verify": ["runtime/serve/triton.py"],
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_what_stands_in_other_folders(stage: str) -> None:
    found = {file.relative_to(ROOT).as_posix() for file in needed(f"runtime/{stage}/run.py")}
    assert set(STAGES[stage]) <= found


def test_the_export_depends_on_every_file_of_its_folder() -> None:
    assert {file for file in (ROOT / "runtime/export").iterdir() if file.is_file()} - set(
        needed("runtime/export/run.py")
    ) == set()


def test_a_block_of_another_wheel_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = of_plug_ins()
    (tmp_path / "toys-1.dist-info").mkdir()
    (tmp_path / "toys-1.dist-info" / "METADATA").write_text("Name: toys\nVersion: 1\n")
    (tmp_path / "toys-1.dist-info" / "entry_points.txt").write_text("[sess.blocks]\ntoys = toy_blocks\n")
    (tmp_path / "toy_blocks.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = of_plug_ins()
    (tmp_path / "toy_blocks.py").write_text("# changed")
    assert len({before, found, of_plug_ins()}) == 3
