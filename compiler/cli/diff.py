"""`sess diff`: what changed between two specs or compiled directories, and for whom."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sess.compiler.cli.options import overrides, spec_options


@click.command("diff")
@click.argument("before", metavar="A", type=click.Path())
@click.argument("after", metavar="B", type=click.Path())
@spec_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def command(before: str, after: str, sets: tuple[str, ...], schema: str | None, form: str) -> int:
    """Say what changed: A and B are specs, compiled directories, or `git:REF` (of the other's path) or `git:REF:PATH`.

    `--set` and `--schema` change specs on both sides, and nothing that is compiled.

    WIRE breaks running clients, RETRAIN needs new weights, BEHAVIOUR changes answers, SAFE concerns nobody.
    """
    from sess.compiler.changes import Impact, changes
    from sess.compiler.codec import encode
    from sess.compiler.driver import CheckOptions
    from sess.compiler.references import read_reference
    from sess.compiler.report.paint import Paint

    options = CheckOptions(overrides(sets), Path(schema) if schema else None)
    old, new = read_reference(before, Path(after), options), read_reference(after, Path(before), options)
    found = changes(old.program, new.program)
    if form == "json":
        value = {"format_version": 1, "before": old.name, "after": new.name, "changes": encode(found)}
        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        return 0
    paint = Paint.of(sys.stdout)
    for impact in Impact:
        own = [each for each in found if each.impact is impact]
        if own:
            print(paint.bold(impact.value))
        for each in own:
            print(f"  {each.message}")
            if each.before is not None and each.before != each.after and each.before not in each.message:
                print(f"    - {paint.faint(each.before)}")
            if each.after is not None and each.before != each.after and each.after not in each.message:
                print(f"    + {paint.added(each.after)}")
    if not found:
        print("nothing changed", file=sys.stderr)
    return 0
