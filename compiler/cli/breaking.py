"""`sess breaking`: what a spec would break that runs today, as findings at the lines that do it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sess.compiler.cli.findings import findings_options, publish
from sess.compiler.cli.options import clean, read, spec_options

if TYPE_CHECKING:
    from sess.compiler.changes import Change
    from sess.compiler.diagnostics import Diagnostic
    from sess.compiler.driver import Checked
    from sess.compiler.source import Span

KINDS = ("WIRE", "RETRAIN", "BEHAVIOUR")
_SERVERS = ("http://", "https://")


@click.command("breaking")
@click.argument("spec", metavar="SPEC", type=click.Path())
@click.option(
    "--against", required=True, metavar="REF",
    help="A spec, a compiled directory, a commit (`git:main`), or a server (`http://…`).",
)  # fmt: skip
@click.option(
    "--only", multiple=True, type=click.Choice(KINDS, case_sensitive=False),
    help="Find only what breaks clients (WIRE), needs new weights (RETRAIN) or changes answers (BEHAVIOUR).",
)  # fmt: skip
@spec_options
@findings_options
def command(
    spec: str, against: str, only: tuple[str, ...], sets: tuple[str, ...], schema: str | None, form: str,
    output_file: str | None,
) -> int:  # fmt: skip
    """Say what a spec breaks: running clients, answers, or trained weights; exit code 1 if anything."""
    checked = clean(read(spec, sets, schema))
    wanted = [kind.upper() for kind in only] or KINDS
    found = [change for change in _changes(checked, against, Path(spec)) if change.impact.value in wanted]
    code = publish(_findings(checked, found, against), [spec], form, output_file, stream=sys.stdout)
    if form == "text" and not found:
        print(f"{spec} breaks nothing of {against}", file=sys.stderr)
    return code


def _changes(checked: Checked, against: str, spec: Path) -> Sequence[Change]:
    from sess.compiler.changes import changes, wire_changes
    from sess.compiler.references import read_reference

    program = checked.program
    assert program is not None  # `clean` ends the command otherwise
    if against.startswith(_SERVERS):
        from sess.compiler.server_metadata import served_tensors

        request, answers = served_tensors(against, program.serving)
        return tuple(wire_changes(request, program.serving.request, answers, program.serving.answers))
    return changes(read_reference(against, spec).program, program)


def _findings(checked: Checked, found: Sequence[Change], against: str) -> tuple[Diagnostic, ...]:
    from sess.compiler.diagnostics import Code, Diagnostic

    findings = []
    for change in found:
        texts = (("was", change.before), ("is", change.after))
        helps = [f"{word} `{text}`" for word, text in texts if text is not None and text not in change.message]
        code = Code(change.impact.value, change.rule, f"what differs from {against}")
        findings.append(Diagnostic(code, change.message, _span(checked, change.place), help=tuple(helps)))
    return tuple(findings)


def _span(checked: Checked, place: tuple[str, ...]) -> Span:
    """Return where the spec says what changed; its name where it says nothing of it any more."""
    from sess.compiler.tree import SectionName

    assert checked.graph is not None
    resolved = checked.graph.built.facts.resolved
    if len(place) == 2:
        entry = resolved.sections[SectionName(place[0])].get(place[1])
        return entry.span if entry is not None else resolved.name.span
    definition = resolved.definitions.get(place[0]) if place else None
    return definition.span if definition is not None else resolved.name.span
