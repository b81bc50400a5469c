"""`sess check`: what is wrong with specs, and what to write instead, without TensorFlow or network."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sess.compiler.cli.findings import findings_options, publish
from sess.compiler.cli.options import backend, lacking, overrides, read, spec_options
from sess.compiler.diagnostics import Diagnostic
from sess.compiler.driver import Checked
from sess.compiler.failures import Misused

_MOST_ROUNDS = 10  # a fix may bring another finding to light; no spec needs as many rounds


@click.command("check")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…", type=click.Path())
@spec_options
@findings_options
@click.option("--data", "is_reading", is_flag=True, help="Look at the files of `data`, too: columns, dtypes and rows.")
@click.option("--stdin-filename", metavar="NAME", help="What `-` (standard input) is called in findings.")
@click.option("--fix", "is_fixing", is_flag=True, help="Apply the fixes that are safe, then check again.")
@click.option("--diff", "is_showing", is_flag=True, help="Print what --fix would change, and change nothing.")
def command(
    specs: tuple[str, ...], sets: tuple[str, ...], schema: str | None, form: str, output_file: str | None,
    is_reading: bool,  # noqa: FBT001 - click passes by name
    stdin_filename: str | None, is_fixing: bool, is_showing: bool,  # noqa: FBT001 - click passes by name
) -> int:  # fmt: skip
    """Say what is wrong with specs; exit code 1 if anything is, 2 if one can't be read."""
    found: dict[Diagnostic, None] = {}  # what is wrong with a shared import is said once
    hidden: dict[Diagnostic, None] = {}
    unread: list[Misused] = []
    checked: list[str] = []
    for spec in dict.fromkeys(specs):
        text = _standard_input() if spec == "-" else None
        name = (stdin_filename or "<stdin>") if spec == "-" else spec
        try:
            result = read(name, sets, schema, text=text)
            if is_fixing or is_showing:
                fresh, mended = _mended(result, name, sets, schema)
                if is_showing:
                    _print_difference(result, fresh)
                elif spec == "-":
                    sys.stdout.write(fresh)
                elif fresh != result.source.text:
                    _replace(spec, result, fresh)
                result = result if is_showing else mended
        except Misused as error:
            unread.append(error)
            continue
        checked.append(name)
        found |= dict.fromkeys(result.diagnostics)
        hidden |= dict.fromkeys(result.hidden)
        if is_reading:
            found |= dict.fromkeys(_of_data(result, sets))
    # With --diff, stdout is a patch; with --fix and standard input it is the spec.
    is_taken = is_showing or (is_fixing and "-" in specs)
    stream = sys.stderr if is_taken else sys.stdout
    code = publish(tuple(found), checked, form, output_file, stream=stream, hidden=tuple(hidden))
    for failure in unread:
        print(failure.shown, file=sys.stderr)
    if form == "text" and not found and checked:
        print(f"{len(checked)} spec{'s' if len(checked) > 1 else ''} checked: no findings", file=sys.stderr)
    return Misused.exit_code if unread else code


def _of_data(checked: Checked, sets: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the data files of a spec without errors; a spec may name none."""
    if checked.program is None:
        return ()
    from sess.compiler.data_findings import data_findings

    try:
        faults = backend().inspect(checked.program.workflow, checked.base)
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    return data_findings(checked, faults, overrides(sets))


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Misused(f"standard input isn't UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}") from None


def _mended(checked: Checked, name: str, sets: tuple[str, ...], schema: str | None) -> tuple[str, Checked]:
    """Return the text after all safe fixes, and what a check says of it."""
    from sess.compiler.fixes import mended

    for _ in range(_MOST_ROUNDS):
        fresh = mended(checked.source, checked.diagnostics)
        if fresh == checked.source.text:
            break
        checked = read(name, sets, schema, text=fresh)
    return checked.source.text, checked


def _print_difference(checked: Checked, fresh: str) -> None:
    from sess.compiler.fixes import difference

    sys.stdout.write(difference(checked.source, fresh))


def _replace(spec: str, checked: Checked, fresh: str) -> None:
    from sess.compiler.cli.files import replace_text

    replace_text(Path(spec), f"\ufeff{fresh}" if checked.source.has_mark else fresh)
    print(f"fixed {spec}", file=sys.stderr)
