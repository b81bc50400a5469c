"""`sess fmt`: specs in their one form, comments kept; broken ones are left alone."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from sess.compiler.cli.files import replace_text
from sess.compiler.cli.findings import findings_options, publish
from sess.compiler.diagnostics import Diagnostic, Reporter
from sess.compiler.failures import Misused
from sess.compiler.format import format_source
from sess.compiler.source import Source
from sess.compiler.unformatted import unformatted


@dataclass(frozen=True, slots=True)
class _Formatted:
    """A spec and its one form; `fresh` is None if it is broken, which `findings` say."""

    path: Path | None
    before: Source
    fresh: str | None
    findings: tuple[Diagnostic, ...]

    @property
    def is_changed(self) -> bool:
        """Whether the one form is another text."""
        return self.fresh is not None and self.fresh != self.before.text


@click.command("fmt")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…", type=click.Path())
@click.option("--check", "is_checking", is_flag=True, help="Write nothing; exit 1 if a spec is not in its one form.")
@click.option("--diff", "is_showing", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--stdin-filename", metavar="NAME", help="What `-` (standard input) is called in findings.")
@findings_options
def command(
    specs: tuple[str, ...], is_checking: bool, is_showing: bool,  # noqa: FBT001 - click passes by name
    stdin_filename: str | None, form: str, output_file: str | None,
) -> int:  # fmt: skip
    """Write specs in their one form; `-` reads standard input and writes to standard output."""
    if "-" in specs and len(specs) > 1:
        raise Misused("`-` stands alone: the one form of standard input goes to standard output")
    found = [_format(spec, stdin_filename or "<stdin>") for spec in specs]  # all are read before any is written
    findings = [finding for each in found for finding in each.findings]
    if is_checking:
        findings += [
            unformatted(each.before, each.fresh) for each in found if each.is_changed and each.fresh is not None
        ]
    is_piped = specs == ("-",) and not (is_checking or is_showing)
    if findings or not (is_piped or is_showing):
        names = [each.before.name for each in found]
        publish(findings, names, form, output_file, stream=sys.stderr if is_piped or is_showing else sys.stdout)
    if is_showing:
        from sess.compiler.fixes import difference

        sys.stdout.write("".join(difference(each.before, each.fresh) for each in found if each.fresh is not None))
    if not (is_checking or is_showing):
        for each in found:
            _put(each)
    _count(found, would="would be " if is_checking or is_showing else "")
    is_clean = not any(each.is_changed for each in found) or not (is_checking or is_showing)
    return 0 if is_clean and not any(each.findings for each in found) else 1


def _format(spec: str, stdin_name: str) -> _Formatted:
    if spec == "-":
        path, name, content = None, stdin_name, sys.stdin.buffer.read()
    else:
        path, name = Path(spec), spec
        content = _content(path)
    try:
        before = Source(name, content.decode())
    except UnicodeDecodeError as error:
        raise Misused(f"`{name}` isn't UTF-8: byte {error.start} is 0x{content[error.start]:02x}") from None
    reporter = Reporter()
    fresh = format_source(Source(name, before.text.removeprefix("\ufeff")), reporter)
    return _Formatted(path, before, fresh, reporter.diagnostics)


def _content(path: Path) -> bytes:
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "doesn't exist"
        raise Misused(f"the spec `{path}` {reason}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misused(f"the spec `{path}` can't be read: {(error.strerror or str(error)).lower()}") from None


def _put(found: _Formatted) -> None:
    if found.path is None:
        sys.stdout.buffer.write((found.fresh or "").encode())
    elif found.is_changed and found.fresh is not None:
        replace_text(found.path, found.fresh)


def _count(found: list[_Formatted], *, would: str) -> None:
    if any(each.path is None for each in found):
        return
    changed = sum(each.is_changed for each in found)
    broken = sum(each.fresh is None for each in found)
    parts = [(changed, f"{would}formatted"), (len(found) - changed - broken, "already formatted")]
    said = [f"{number} spec{'' if number == 1 else 's'} {what}" for number, what in parts if number]
    said += [f"{broken} left alone, as the syntax is wrong"] if broken else []
    print(", ".join(said), file=sys.stderr)
