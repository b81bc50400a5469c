"""`sess compile`: from a spec to an artifact that can be served."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sess.compiler.backend import CompileOptions, SpecFiles, Stage
from sess.compiler.cli.options import backend, clean, columns, lacking, read, spec_options
from sess.compiler.driver import Checked
from sess.compiler.failures import Misused


class _Percent(click.ParamType[float]):
    """A share, written in percent with or without the sign."""

    name = "percent"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the share from 0 to 1; Misused if it is none."""
        try:
            share = float(str(value).removesuffix("%")) / 100
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise Misused(f"`--skip-bad-shards {value}` is no percentage", "write one from 0% to 100%, such as `1%`")
        return share


@click.command("compile")
@click.argument("spec", metavar="SPEC", type=click.Path())
@click.option("-o", "--output", required=True, metavar="DIR", help="Where the artifact appears, whole or not at all.")
@spec_options
@click.option(
    "--until", type=click.Choice([stage.value for stage in Stage]), default="verify", help="Stop after this stage."
)
@click.option("--resume", is_flag=True, help="Go on with a build that was interrupted (it does so by itself, too).")
@click.option(
    "--skip-bad-shards", metavar="PERCENT", type=_Percent(), default="0",
    help="Leave out files that can't be read, up to so many of each key's; the manifest names them.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(min=1), help="Train for so many epochs.")
@click.option("--seed", type=int, help="The seed of everything random.")
def command(
    spec: str, output: str, sets: tuple[str, ...], schema: str | None, until: str, resume: bool,  # noqa: FBT001
    skip_bad_shards: float, epochs: int | None, seed: int | None,
) -> int:  # fmt: skip
    """Prepare, train, evaluate, export and verify; a stage runs only if something that it depends on changed."""
    if spec == "-":
        raise Misused("`compile` needs a file: data paths are relative to its folder")
    checked = clean(read(spec, sets, schema, is_compiling=True, epochs=epochs, seed=seed))
    assert checked.program is not None
    options = CompileOptions(Path(output), Stage(until), resume, skip=skip_bad_shards)
    try:
        result = backend().compile(checked.program, files_of(checked), options)
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    if isinstance(metrics := result.get("metrics"), dict):
        from sess.compiler.report.metrics import metrics_text

        sys.stdout.write(metrics_text(metrics, columns()))
    if until in ("export", "verify"):
        print(f"the artifact is at {output}", file=sys.stderr)
    return 0


def files_of(checked: Checked) -> SpecFiles:
    """Return what an artifact keeps of its spec."""
    from sess.compiler.graph_json import node_link

    assert checked.graph is not None
    return SpecFiles(
        checked.base, checked.source.text, node_link(checked.graph), checked.schema, checked.catalogue_schema
    )
