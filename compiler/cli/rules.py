"""`sess rules`: every code that a finding can have."""

from __future__ import annotations

import json

import click

from sess.compiler.codes import ALL


@click.command("rules")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def command(form: str) -> int:
    """List every code with its severity, name and meaning; `sess explain CODE` shows one in full."""
    if form == "json":
        rules = [
            {"code": each.number, "name": each.name, "severity": each.severity.value, "summary": each.summary}
            for each in ALL
        ]
        click.echo(json.dumps(rules, indent=2, ensure_ascii=False))
        return 0
    width = max(len(each.name) for each in ALL)
    for each in ALL:
        click.echo(f"{each.number}  {each.severity.value:<7}  {each.name:<{width}}  {each.summary}")
    return 0
