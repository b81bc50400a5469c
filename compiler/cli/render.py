"""`sess render`: a spec with everything written out that follows from it."""

from __future__ import annotations

import json
import sys

import click

from sess.compiler.cli.options import clean, read, spec_options


@click.command("render")
@click.argument("spec", metavar="SPEC", type=click.Path())
@spec_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def command(spec: str, sets: tuple[str, ...], schema: str | None, form: str) -> int:
    """Print what will really happen: defaults, preparation, training beside serving, signatures, and what it costs."""
    from sess.compiler.registry import registry
    from sess.compiler.report.paint import Paint
    from sess.compiler.report.program import as_json, render

    checked = clean(read(spec, sets, schema))
    program = checked.program
    if program is None or checked.graph is None:
        return 1
    if form == "json":
        found = as_json(checked.graph, program, registry())
        sys.stdout.write(json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(render(checked.graph, program, registry(), Paint.of(sys.stdout)))
    return 0
