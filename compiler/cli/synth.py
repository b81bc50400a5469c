"""`sess synth`: a click stream for a schema, with an order in it that a model can learn."""

from __future__ import annotations

from pathlib import Path

import click

from sess.compiler.backend import SynthOptions
from sess.compiler.cli.options import backend, lacking


@click.command("synth")
@click.argument("schema", metavar="SCHEMA", type=click.Path())
@click.option("-o", "--output", required=True, metavar="DIR", help="Gets train/, valid/ and schema.pbtxt.")
@click.option("--rows", type=click.IntRange(min=100), default=50_000, show_default=True, help="How many events.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--noise", type=click.FloatRange(0, 1), default=0.25, show_default=True, help="The share of random clicks."
)
@click.option("--order", type=click.Choice(["planted", "shuffled"]), default="planted", show_default=True)
@click.option("--items", type=click.IntRange(min=10), help="How many items; by the rows without it.")
def command(schema: str, output: str, rows: int, seed: int, noise: float, order: str, items: int | None) -> int:
    """Write a realistic click stream: long tail, drift, and a planted order."""
    options = SynthOptions(Path(schema), Path(output), rows, seed, noise, order, items)
    try:
        found = backend().synth(options)
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    counts = ", ".join(f"{value:,} {key}" for key, value in found.items() if isinstance(value, int))
    click.echo(f"wrote {counts} to {output}", err=True)
    return 0
