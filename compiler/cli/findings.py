"""The switches `--format` and `--output-file`, and writing findings by them, for every command that has findings."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any, TextIO, TypeVar

import click

from sess.compiler.diagnostics import Diagnostic, Severity
from sess.compiler.failures import Misused

F = TypeVar("F", bound=Callable[..., Any])  # any command's function

# A format's module is imported when it is asked for.
FORMATS = {
    "text": "text", "concise": "concise", "json": "json_text", "sarif": "sarif", "github": "github",
    "gitlab": "gitlab", "junit": "junit", "rdjson": "rdjson",
}  # fmt: skip


def findings_options(function: F) -> F:
    """Add `--format` and `--output-file`, as `form` and `output_file`."""
    function = click.option(
        "--output-file", metavar="FILE", help="Write the findings here instead of to stdout."
    )(function)  # fmt: skip
    return click.option(
        "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True,
        help="How findings are written.",
    )(function)  # fmt: skip


def publish(
    found: Sequence[Diagnostic], files: Sequence[str], form: str, output_file: str | None, *, stream: TextIO,
    hidden: Sequence[Diagnostic] = (),
) -> int:  # fmt: skip
    """Write all findings of these files; return the exit code: 1 if any is an error. SARIF tells of hidden ones too."""
    names = [PurePath(each).as_posix() for each in files]
    if form == "sarif":
        from sess.compiler.report import sarif

        text = sarif.render(found, names, hidden)
    else:
        text = _rendered(found, names, form, stream if output_file is None else None)
    if output_file is None:
        stream.write(text)
    else:
        try:
            Path(output_file).write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise Misused(f"`{output_file}` can't be written: {(error.strerror or str(error)).lower()}") from None
    return 1 if any(each.code.severity is Severity.ERROR for each in found) else 0


def _rendered(found: Sequence[Diagnostic], files: Sequence[str], form: str, stream: TextIO | None) -> str:
    if form == "text":
        from sess.compiler.report import text
        from sess.compiler.report.paint import Paint

        return text.render(found, Paint.of(stream) if stream is not None else Paint(is_on=False))
    rendered: str = importlib.import_module(f"sess.compiler.report.{FORMATS[form]}").render(found, files)
    return rendered
