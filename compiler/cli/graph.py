"""`sess graph`: the typed graph as a picture."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sess.compiler.cli.options import clean, read, spec_options
from sess.compiler.failures import Misused

if TYPE_CHECKING:
    from sess.compiler.driver import Checked

ENDINGS = {".svg": "svg", ".html": "html", ".mmd": "mermaid", ".dot": "dot", ".json": "json", ".txt": "text"}


@click.command("graph")
@click.argument("spec", metavar="SPEC", type=click.Path())
@spec_options
@click.option(
    "-o", "--output", metavar="FILE",
    help="A .svg, .html, .mmd, .dot, .json or .txt file, or `-`; without it the text goes to stdout.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(list(ENDINGS.values())), help="Instead of what the ending says.")
def command(spec: str, sets: tuple[str, ...], schema: str | None, output: str | None, form: str | None) -> int:
    """Draw columns, blocks and heads with their types and costs, and beside them what is only in training."""
    is_to_file = output not in (None, "-")
    ending = Path(output or "").suffix.lower() if is_to_file else ".txt"
    if form is None and ending not in ENDINGS:
        raise Misused(f"`{output}` is of no known format", f"end it with {', '.join(ENDINGS)}, or give `--format`")
    checked = clean(read(spec, sets, schema))
    if checked.graph is None:
        return 1
    text = drawn(checked, form or ENDINGS[ending])
    if output is None or output == "-":
        sys.stdout.write(text)
        return 0
    try:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misused(f"`{output}` can't be written: {error.strerror}") from None
    print(f"drew {output}", file=sys.stderr)
    return 0


def drawn(checked: Checked, form: str) -> str:
    """Return the picture of a checked spec in a form such as `svg`."""
    from sess.compiler.draw.sketch import sketch
    from sess.compiler.registry import registry

    assert checked.graph is not None
    if form == "json":
        from sess.compiler.graph_json import dumps

        return dumps(checked.graph)
    picture = sketch(checked.graph, registry())
    if form == "html":
        from sess.compiler.draw import html

        sources = {node.span.source.name: node.span.source.text for node in checked.graph.graph.order()}
        return html.draw(picture, {checked.source.name: checked.source.text, **sources})
    text: str = importlib.import_module(f"sess.compiler.draw.{form}").draw(picture)
    return text
