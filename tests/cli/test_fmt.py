"""`sess fmt` as users run it: what it writes, what it leaves alone, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FORM = "spec a\n\nlet x = b\n"
LOOSE = "spec   a\n\n\nlet x=b\n"
BROKEN = "spec a\nlet x = (b\n"


def fmt(*arguments: str, at: Path, text: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a folder."""
    command = [sys.executable, "-m", "sess.compiler.cli.main", "fmt", *arguments]
    return subprocess.run(command, cwd=at, capture_output=True, input=text, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a spec in its form, a loose one and a broken one."""
    for name, text in (("form.sess", FORM), ("loose.sess", LOOSE), ("broken.sess", BROKEN)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_loose_spec_is_written_and_counted(folder: Path) -> None:
    done = fmt("form.sess", "loose.sess", at=folder)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == b"1 spec formatted, 1 spec already formatted\n"
    assert (folder / "loose.sess").read_text() == FORM


def test_a_broken_spec_is_left_alone_and_the_others_are_written(folder: Path) -> None:
    done = fmt("broken.sess", "loose.sess", at=folder)
    assert done.returncode == 1
    assert b"error[S106]" in done.stdout
    assert (folder / "broken.sess").read_text() == BROKEN
    assert (folder / "loose.sess").read_text() == FORM


def test_check_writes_nothing_and_names_the_first_line_that_differs(folder: Path) -> None:
    done = fmt("--check", "--format", "concise", "form.sess", "loose.sess", at=folder)
    assert done.returncode == 1
    assert done.stdout.startswith(b"loose.sess:1:1: error[S113]")
    assert (folder / "loose.sess").read_text() == LOOSE
    assert fmt("--check", "form.sess", at=folder).returncode == 0


def test_the_fix_of_check_is_what_fmt_would_write(folder: Path) -> None:
    value = json.loads(fmt("--check", "--format", "json", "loose.sess", at=folder).stdout)
    (edit,) = value["diagnostics"][0]["fixes"][0]["edits"]
    start, end = (edit["range"][side]["offset"] for side in ("start", "end"))
    assert LOOSE[:start] + edit["replacement"] + LOOSE[end:] == FORM


def test_diff_shows_what_would_change_and_exits_1(folder: Path) -> None:
    done = fmt("--diff", "loose.sess", at=folder)
    assert done.returncode == 1
    assert b"-let x=b\n+let x = b\n" in done.stdout
    assert (folder / "loose.sess").read_text() == LOOSE


def test_standard_input_goes_to_standard_output(folder: Path) -> None:
    done = fmt("-", at=folder, text=LOOSE.encode())
    assert (done.returncode, done.stdout) == (0, FORM.encode())


def test_broken_standard_input_gives_no_text_to_the_next_command(folder: Path) -> None:
    done = fmt("-", "--stdin-filename", "editor.sess", at=folder, text=BROKEN.encode())
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"editor.sess:2:" in done.stderr


def test_line_ends_stay_and_a_byte_order_mark_goes(folder: Path) -> None:
    (folder / "windows.sess").write_bytes(b"\xef\xbb\xbf" + LOOSE.replace("\n", "\r\n").encode())
    assert fmt("windows.sess", at=folder).returncode == 0
    assert (folder / "windows.sess").read_bytes() == FORM.replace("\n", "\r\n").encode()


def test_a_link_stays_a_link_and_a_mode_stays_a_mode(folder: Path) -> None:
    (folder / "loose.sess").chmod(0o640)
    (folder / "link.sess").symlink_to("loose.sess")
    assert fmt("link.sess", at=folder).returncode == 0
    assert (folder / "link.sess").is_symlink()
    assert (folder / "loose.sess").read_text() == FORM
    assert (folder / "loose.sess").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["broken.sess", "form.sess", "link.sess", "loose.sess"]


def test_a_spec_that_needs_nothing_is_not_touched(folder: Path) -> None:
    before = (folder / "form.sess").stat()
    fmt("form.sess", at=folder)
    after = (folder / "form.sess").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("arguments", [("missing.sess",), ("loose.sess", "missing.sess"), ("-", "loose.sess"), (".",)])
def test_what_the_command_line_gets_wrong_exits_2_and_writes_nothing(folder: Path, arguments: tuple[str, ...]) -> None:
    done = fmt(*arguments, at=folder, text=b"")
    assert done.returncode == 2
    assert (folder / "loose.sess").read_text() == LOOSE


def test_a_file_that_is_no_text_is_named_with_its_byte(folder: Path) -> None:
    (folder / "bytes.sess").write_bytes(b"spec a\xff")
    done = fmt("bytes.sess", at=folder)
    assert done.returncode == 2
    assert b"byte 6 is 0xff" in done.stderr
