"""`sess verify`: the proof that trained model, SavedModel and running Triton agree."""

from __future__ import annotations

from pathlib import Path

import click

from sess.compiler.cli.options import backend, lacking


@click.command("verify")
@click.argument("artifact", metavar="DIR", type=click.Path())
@click.option("--rows", type=click.IntRange(min=1), default=64, show_default=True, help="How many held-out rows.")
def command(artifact: str, rows: int) -> int:
    """Send real held-out rows through all three; exit code 4 and the first difference if they don't agree."""
    try:
        found = backend().verify(Path(artifact), rows)
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    for key, value in found.items():
        click.echo(f"{key.replace('_', ' ')}: {value}")
    return 0
