"""The light commands as users run them: exit codes, streams, formats."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """\
spec shop
schema "shop.pbtxt"
columns item = tag(ITEM_ID)
table items = embedding(item, dim=16)
head click = features(item) >> gru(units=16) >> categorical(item, tied=items)
train { objective = next }
"""
BAD = GOOD.replace("gru(units=16)", "gru(units=16, layer=2)")
ROW = """\
spec shop
schema "shop.pbtxt"
columns clicks = tag(SEQUENCE)
columns context = tag(CONTEXT)
let x = concat(features(clicks), features(context)) >> mlp([16])
head click = x >> gru(units=16) >> categorical(item_id)
train { objective = next }
"""


def sess(*arguments: str, at: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    command = [sys.executable, "-m", "sess.compiler.cli.main", *arguments]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, input=text, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """Return a folder with a schema, a good spec and a bad one."""
    (tmp_path / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    (tmp_path / "good.sess").write_text(GOOD)
    (tmp_path / "bad.sess").write_text(BAD)
    (tmp_path / "row.sess").write_text(ROW)
    return tmp_path


def test_a_clean_spec_exits_0_and_prints_nothing_on_stdout(folder: Path) -> None:
    done = sess("check", "good.sess", at=folder)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_finding_exits_1_and_stands_on_stdout(folder: Path) -> None:
    done = sess("check", "bad.sess", at=folder)
    assert done.returncode == 1
    assert "error[S203]" in done.stdout
    assert "did you mean `layers`?" in done.stdout
    assert "bad.sess:5:" in done.stdout


def test_several_specs_are_checked_in_one_run(folder: Path) -> None:
    done = sess("check", "--format", "json", "bad.sess", "good.sess", "row.sess", at=folder)
    value = json.loads(done.stdout)
    assert [(each["file"], each["code"]) for each in value["diagnostics"]] == [
        ("bad.sess", "S203"),
        ("row.sess", "S301"),
    ]


def test_standard_input_is_checked_under_its_given_name(folder: Path) -> None:
    done = sess("check", "-", "--stdin-filename", "editor.sess", "--format", "concise", at=folder, text=BAD)
    assert done.returncode == 1
    assert done.stdout.startswith("editor.sess:5:")


def test_fix_writes_what_diff_shows(folder: Path) -> None:
    shown = sess("check", "row.sess", "--diff", at=folder)
    assert "+let x = concat(features(clicks), broadcast(features(context), to=clicks)) >> mlp([16])" in shown.stdout
    assert (folder / "row.sess").read_text() == ROW
    done = sess("check", "row.sess", "--fix", at=folder)
    assert done.returncode == 0
    assert "broadcast(features(context), to=clicks)" in (folder / "row.sess").read_text()


def test_findings_go_to_a_file_on_request(folder: Path) -> None:
    done = sess("check", "bad.sess", "--output-file", "found.txt", at=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[S203]" in (folder / "found.txt").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "missing.sess"),
        ("check", "good.sess", "--set", "nothing"),
        ("check", "good.sess", "--format", "yaml"),
        ("check", "good.sess", "--schema", "missing.pbtxt"),
        ("graph", "good.sess", "-o", "graph.png"),
        ("blocks", "grru"),
        ("nothing",),
    ],
)
def test_what_the_command_line_gets_wrong_exits_2(folder: Path, arguments: tuple[str, ...]) -> None:
    done = sess(*arguments, at=folder)
    assert done.returncode == 2
    assert done.stderr and "Traceback" not in done.stderr


def test_a_param_and_a_schema_can_be_set_from_the_command_line(folder: Path) -> None:
    (folder / "good.sess").write_text(
        GOOD.replace("dim=16", "dim=dim").replace("spec shop", "spec shop param dim = 16")
    )
    assert sess("check", "good.sess", "--set", "dim=16", at=folder).returncode == 0
    assert "S302" in sess("check", "good.sess", "--set", "dim=24", at=folder).stdout


@pytest.mark.parametrize("ending", ["svg", "html", "mmd", "dot", "json", "txt"])
def test_a_graph_is_drawn_in_every_format(folder: Path, ending: str) -> None:
    assert sess("graph", "good.sess", "-o", f"graph.{ending}", at=folder).returncode == 0
    assert "categorical" in (folder / f"graph.{ending}").read_text()


def test_render_writes_the_defaults_out(folder: Path) -> None:
    text = sess("render", "good.sess", at=folder).stdout
    assert re.search(r"^  batch +  *= 128$", text, re.MULTILINE)
    assert re.search(r"item_id__values +int64 +\(N\)", text)


def test_blocks_shows_a_signature_and_where_it_is_written(folder: Path) -> None:
    text = sess("blocks", "gru", at=folder).stdout
    assert text.startswith("gru(units, layers=1, dropout=0.0)\n")
    assert "Seq[T, D] → Seq[T, units], causal" in text
    assert "Hidasi et al. 2016" in text
    assert "compiler/blocks/encoders/gru.py" in text


def test_an_unknown_block_gets_the_nearest(folder: Path) -> None:
    assert "did you mean `sasrec`?" in sess("blocks", "sasrek", at=folder).stderr


def test_blocks_are_listed_as_json(folder: Path) -> None:
    found = json.loads(sess("blocks", "--format", "json", at=folder).stdout)["blocks"]
    mlp = next(each for each in found if each["name"] == "mlp")
    assert ["Row[D]", "Row[widths[-1]]"] in mlp["rules"]
    assert [each["name"] for each in mlp["arguments"] if each["default"] is None] == ["widths"]
    assert all(each["summary"] and each["file"] for each in found)


def test_checking_imports_nothing_heavy(folder: Path) -> None:
    code = (
        "import sys; from sess.compiler.cli.main import run; code = run(['check', 'good.sess']); "
        "heavy = {'tensorflow', 'keras', 'merlin', 'nvtabular', 'pandas', 'numpy', 'jinja2', 'rich', 'sess.runtime'}; "
        "print(sorted(heavy & set(sys.modules)), code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[] 0"


@pytest.mark.parametrize("form", ["concise", "json", "sarif", "github", "gitlab", "junit", "rdjson"])
def test_every_format_names_the_file_and_exits_1(folder: Path, form: str) -> None:
    done = sess("check", "bad.sess", "--format", form, at=folder)
    assert done.returncode == 1
    assert "bad.sess" in done.stdout and "S203" in done.stdout
    assert done.stderr == ""


def test_one_unreadable_spec_exits_2_and_the_others_are_checked(folder: Path) -> None:
    (folder / "latin.sess").write_bytes("spec shöp".encode("latin-1"))
    done = sess("check", "latin.sess", "bad.sess", "missing.sess", at=folder)
    assert done.returncode == 2
    assert "error[S203]" in done.stdout
    assert "the spec `latin.sess` isn't UTF-8: byte 7 is 0xf6" in done.stderr
    assert "the spec `missing.sess` doesn't exist" in done.stderr


def test_a_fix_keeps_line_ends_and_the_byte_order_mark(folder: Path) -> None:
    (folder / "row.sess").write_bytes(b"\xef\xbb\xbf" + ROW.replace("\n", "\r\n").encode())
    assert sess("check", "row.sess", "--fix", at=folder).returncode == 0
    content = (folder / "row.sess").read_bytes()
    fixed = ROW.replace("features(context)", "broadcast(features(context), to=clicks)")
    assert content == b"\xef\xbb\xbf" + fixed.replace("\n", "\r\n").encode()


def test_standard_input_is_fixed_to_standard_output(folder: Path) -> None:
    done = sess("check", "-", "--fix", at=folder, text=ROW)
    assert done.stdout == ROW.replace("features(context)", "broadcast(features(context), to=clicks)")
    assert done.returncode == 0


def test_a_diff_is_a_patch_and_nothing_else(folder: Path) -> None:
    done = sess("check", "row.sess", "--diff", at=folder)
    assert done.stdout.startswith("--- row.sess\n+++ row.sess\n@@")
    assert done.returncode == 1 and "error[S301]" in done.stderr
