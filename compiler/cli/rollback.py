"""`sess rollback`: a running server back to the artifact before."""

from __future__ import annotations

from pathlib import Path

import click

from sess.compiler.cli.options import backend


@click.command("rollback")
@click.option("--control", metavar="SOCKET", required=True, help="The control socket of the server.")
def command(control: str) -> int:
    """Swap a running server back to what it served before the last publish."""
    click.echo(backend().tell(Path(control), do="rollback"))
    return 0
