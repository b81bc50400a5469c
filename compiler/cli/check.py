"""`sess check`: what is wrong with specs, and what to write instead, without TensorFlow or network."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sess.compiler.cli.options import read, spec_options
from sess.compiler.diagnostics import Diagnostic, Severity
from sess.compiler.failures import Misused
from sess.compiler.report import concise, json_text
from sess.compiler.report import text as text_report
from sess.compiler.report.paint import Paint

FORMATS = ("text", "concise", "json")


@click.command("check")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@spec_options
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How findings are written.")
@click.option("--output-file", metavar="FILE", help="Write the findings here instead of to stdout.")
@click.option("--stdin-filename", metavar="NAME", help="What `-` (standard input) is called in findings.")
@click.option("--fix", "is_fixing", is_flag=True, help="Apply the fixes that are safe, then check again.")
@click.option("--diff", "is_showing", is_flag=True, help="Show what --fix would change, and change nothing.")
def command(
    specs: tuple[str, ...], sets: tuple[str, ...], schema: str | None, form: str, output_file: str | None,
    stdin_filename: str | None, is_fixing: bool, is_showing: bool,  # noqa: FBT001 - click passes by name
) -> int:  # fmt: skip
    """Say what is wrong with specs; exit code 1 if anything is."""
    if "-" in specs and (is_fixing or is_showing):
        raise Misused("`--fix` and `--diff` need files, not standard input")
    found: list[Diagnostic] = []
    for spec in specs:
        if is_fixing or is_showing:
            _mend(spec, sets, schema, is_writing=is_fixing and not is_showing)
        text = sys.stdin.read() if spec == "-" else None
        found += read(stdin_filename or "<stdin>" if spec == "-" else spec, sets, schema, text=text).diagnostics
    _write(_report(found, form, output_file), output_file)
    has_errors = any(each.code.severity is Severity.ERROR for each in found)
    if form == "text" and not found:
        print(f"{len(specs)} spec{'s' if len(specs) > 1 else ''} checked: no findings", file=sys.stderr)
    return 1 if has_errors else 0


def _report(found: list[Diagnostic], form: str, output_file: str | None) -> str:
    if form == "json":
        return json_text.render(found)
    if form == "concise":
        return concise.render(found)
    return text_report.render(found, Paint.of(sys.stdout) if output_file is None else Paint(is_on=False))


def _write(text: str, output_file: str | None) -> None:
    if output_file is None:
        sys.stdout.write(text)
        return
    try:
        Path(output_file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misused(f"`{output_file}` can't be written: {error.strerror}") from None


def _mend(spec: str, sets: tuple[str, ...], schema: str | None, *, is_writing: bool) -> None:
    from sess.compiler.fixes import difference, mended

    path = Path(spec)
    for _ in range(10):  # a fix may bring another finding to light; ten rounds are more than any spec needs
        checked = read(spec, sets, schema)
        fresh = mended(checked.source, checked.diagnostics)
        if fresh == checked.source.text:
            return
        if not is_writing:
            sys.stdout.write(difference(checked.source, fresh))
            return
        path.write_text(fresh, encoding="utf-8", newline="")
