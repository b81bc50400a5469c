"""`sess rules`: every code that a finding can have."""

from __future__ import annotations

import click

from sess.compiler import codes
from sess.compiler.diagnostics import Code


@click.command("rules")
def command() -> int:
    """List every code with its name."""
    found = sorted((code for code in vars(codes).values() if isinstance(code, Code)), key=lambda code: code.number)
    for code in found:
        click.echo(f"{code.number}  {code.severity:<7}  {code.name}")
    return 0
