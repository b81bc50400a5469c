"""`sess evaluate`: the metrics of an artifact."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sess.compiler.cli.options import backend, columns, lacking
from sess.compiler.report.metrics import metrics_text


@click.command("evaluate")
@click.argument("artifact", metavar="DIR", type=click.Path())
@click.option("--data", multiple=True, metavar="FILE", help="Evaluate on these files instead.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def command(artifact: str, data: tuple[str, ...], is_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Print metrics with intervals, beside the baselines, by split and slice."""
    try:
        found = dict(backend().evaluate(Path(artifact), data))
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if is_json else metrics_text(found, columns()))
    return 0
