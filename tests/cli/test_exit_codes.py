"""How commands end: a bug writes its trace to a file, an interruption and a missing package have codes of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sess.compiler.cli import check, main
from sess.compiler.failures import Failure, Missing, Misused, RunFailed


def run(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """Return the exit code of a check in which an exception flies."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(check, "read", fail)
    return main.run(["check", "any.sess"])


def test_a_bug_exits_101_with_its_trace_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert run(monkeypatch, ZeroDivisionError("division by zero")) == 101
    said = capsys.readouterr()
    assert said.out == "" and "Traceback" not in said.err
    assert "this is a bug in sess: ZeroDivisionError: division by zero" in said.err
    (path,) = re.findall(r"(/\S+\.txt)", said.err)
    assert "Traceback" in Path(path).read_text() and "ZeroDivisionError" in Path(path).read_text()


def test_a_bug_in_a_command_that_is_not_utf_8_has_its_trace_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["sess", "check", "x\udcff.sess"])
    assert run(monkeypatch, ZeroDivisionError("division by zero")) == 101
    (path,) = re.findall(r"(/\S+\.txt)", capsys.readouterr().err)
    assert "check x\\udcff.sess" in Path(path).read_text()


def test_an_interruption_exits_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


@pytest.mark.parametrize(
    ("failure", "code"), [(Misused("no such file"), 2), (Missing("no TensorFlow"), 3), (RunFailed("no rows"), 4)]
)
def test_a_failure_says_why_and_has_its_code(
    failure: Failure, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, failure) == code
    assert f"error: {failure.message}\n" in capsys.readouterr().err


def test_no_colour_is_written_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from sess.compiler.report.paint import Paint

    class Terminal:
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "TERM", "CI"):
        monkeypatch.delenv(name, raising=False)
    assert Paint.of(Terminal()).is_on  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Paint.of(Terminal()).is_on  # type: ignore[arg-type]
