"""`sess graph`: the typed graph as a picture."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from sess.compiler.cli.options import clean, read, spec_options
from sess.compiler.failures import Misused

FORMATS = {".svg": "svg", ".mmd": "mermaid", ".dot": "dot", ".json": "json", ".txt": "text"}


@click.command("graph")
@click.argument("spec", metavar="SPEC")
@spec_options
@click.option(
    "-o", "--output", metavar="FILE", help="A .svg, .mmd, .dot, .json or .txt file; without it the text goes to stdout."
)
def command(spec: str, sets: tuple[str, ...], schema: str | None, output: str | None) -> int:
    """Draw columns, blocks and heads with their shapes, and beside them what is only in training."""
    from sess.compiler.draw.sketch import sketch

    ending = Path(output).suffix if output else ".txt"
    if ending not in FORMATS:
        raise Misused(f"`{output}` is of no known format", f"end it with {', '.join(FORMATS)}")
    checked = clean(read(spec, sets, schema))
    if checked.program is None:
        return 1
    if ending == ".json":
        from sess.compiler.graph_json import dumps

        assert checked.graph is not None
        text = dumps(checked.graph)
    else:
        text = importlib.import_module(f"sess.compiler.draw.{FORMATS[ending]}").draw(sketch(checked.program))
    if output is None:
        sys.stdout.write(text)
        return 0
    try:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misused(f"`{output}` can't be written: {error.strerror}") from None
    print(f"drew {output}", file=sys.stderr)
    return 0
