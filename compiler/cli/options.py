"""Options that several commands share, and reading a spec by them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sess.compiler.driver import Checked, CheckOptions, check_spec, compile_spec
from sess.compiler.failures import Missing, Misused

if TYPE_CHECKING:
    from sess.compiler.backend import Backend

F = TypeVar("F", bound=Callable[..., Any])  # any command's function

_MEMORY, _UNITS = "sess.memory", "kmgt"
INSTALL = 'pip install "sess[train,serve]"'


class _Size(click.ParamType[int]):
    """Bytes, written as a number with a unit."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes; Misused if it is no size."""
        written = str(value)
        number, unit = written.rstrip("BbIi").rstrip("KMGTkmgt"), written.rstrip("BbIi")[-1:].lower()
        if not number.strip().replace(".", "", 1).isdigit() or unit not in _UNITS:
            raise Misused(f"`--memory {written}` is no size", "write a number and a unit, such as `--memory 24GiB`")
        return int(float(number) * 1024 ** (1 + _UNITS.index(unit)))


def spec_options(function: F) -> F:
    """Add `--set` and `--schema`, which change what a spec says, and `--memory`."""
    function = click.option(
        "--set", "sets", multiple=True, metavar="KEY=VALUE", help="Change a param or a section's key."
    )(function)
    function = click.option(
        "--memory", metavar="SIZE", type=_Size(), expose_value=False, callback=_keep_memory,
        help="Warn of what needs more memory than this, such as 24GiB (default 64GiB).",
    )(function)  # fmt: skip
    return click.option("--schema", metavar="FILE", help="Use this schema instead of the spec's.")(function)


def _keep_memory(ctx: click.Context, _: click.Parameter, size: int | None) -> None:
    """Keep the size for `read`, so that no command has to hand it on."""
    if size is not None:
        ctx.meta[_MEMORY] = size


def overrides(sets: tuple[str, ...]) -> dict[str, str]:
    """Return `--set` values by key; Misused if one has no `=`."""
    found: dict[str, str] = {}
    for each in sets:
        key, equals, value = each.partition("=")
        if not equals or not key.strip():
            raise Misused(f"`--set {each}` has no value", "write `--set key=value`, such as `--set train.epochs=3`")
        found[key.strip()] = value.strip()
    return found


def read(
    spec: str, sets: tuple[str, ...], schema: str | None, *, text: str | None = None, is_compiling: bool = False,
    epochs: int | None = None, seed: int | None = None,
) -> Checked:  # fmt: skip
    """Check a spec with the switches of the command line."""
    ctx = click.get_current_context(silent=True)
    memory = ctx.meta.get(_MEMORY) if ctx else None
    options = CheckOptions(overrides(sets), Path(schema) if schema else None, epochs, seed, memory, text)
    return (compile_spec if is_compiling else check_spec)(Path(spec), options)


def clean(checked: Checked) -> Checked:
    """Return what was checked if it has no errors; else print its findings and end with exit code 1."""
    from sess.compiler.report import text
    from sess.compiler.report.paint import Paint

    if checked.diagnostics:
        sys.stdout.write(text.render(checked.diagnostics, Paint.of(sys.stdout)))
    if checked.has_errors:
        raise click.exceptions.Exit(1)
    return checked


def backend() -> Backend:
    """Return the runtime; Missing with the install line if its packages aren't there."""
    from importlib.metadata import entry_points

    points = entry_points(group="sess.backends")
    if not points:
        raise Missing("no back end is installed", f"install one: {INSTALL}")
    found: Backend = next(iter(points)).load()()
    return found


def lacking(error: ModuleNotFoundError) -> Missing:
    """Return the failure for a package that a command needs and that isn't installed."""
    return Missing(f"the package `{error.name}` is not installed", f"install what this command needs: {INSTALL}")


def columns() -> int | None:
    """Return how wide a terminal is, or what COLUMNS says; None where nothing says it, as in a file."""
    return shutil.get_terminal_size((0, 0)).columns or None
