"""`sess render`: a spec with everything written out that follows from it."""

from __future__ import annotations

import sys

import click

from sess.compiler.cli.options import clean, read, spec_options


@click.command("render")
@click.argument("spec", metavar="SPEC")
@spec_options
@click.option("--json", "is_json", is_flag=True, help="Print the plans as JSON.")
def command(spec: str, sets: tuple[str, ...], schema: str | None, is_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Print every default, the derived preparation, the model, and the signatures of request and answer."""
    from sess.compiler.report.program import render

    checked = clean(read(spec, sets, schema))
    if checked.program is None:
        return 1
    if is_json:
        from sess.compiler.codec import dumps

        sys.stdout.write(dumps(checked.program) + "\n")
    else:
        sys.stdout.write(render(checked.program))
    return 0
