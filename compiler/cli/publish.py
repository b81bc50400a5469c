"""`sess publish`: another artifact of the same spec to a running server, which proves it before any request sees it."""

from __future__ import annotations

from pathlib import Path

import click

from sess.compiler.cli.options import backend


@click.command("publish")
@click.argument("artifact", metavar="NEW", type=click.Path())
@click.option("--control", metavar="SOCKET", required=True, help="The control socket of the server.")
def command(artifact: str, control: str) -> int:
    """Swap a running server to NEW once its golden requests are answered rightly; nothing changes if they are not."""
    click.echo(backend().tell(Path(control), do="publish", artifact=str(Path(artifact).absolute())))
    return 0
