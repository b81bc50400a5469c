"""`sess blocks`: every word of the language from the registry, with its signature."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click

from sess.compiler.block import Entry
from sess.compiler.failures import Misused
from sess.compiler.registry import registry
from sess.compiler.similar import closest


@click.command("blocks")
@click.argument("name", required=False, metavar="[NAME]")
def command(name: str | None) -> int:
    """List every block by kind with its signature, or show one with what it does and where it is written."""
    if name is None:
        kind = None
        for entry in registry():
            if entry.kind is not kind:
                click.echo(f"{'' if kind is None else chr(10)}{entry.kind}")
                kind = entry.kind
            click.echo(f"  {signature(entry)}")
        return 0
    found = [entry for entry in registry() if entry.name == name]
    if not found:
        near = closest(name, {entry.name for entry in registry()})
        raise Misused(
            f"there is no block `{name}`", f"did you mean {', '.join(f'`{each}`' for each in near)}?" if near else ""
        )
    for entry in found:
        click.echo(_page(entry))
    return 0


def signature(entry: Entry[Any]) -> str:
    """Return the call as it is written in a spec: from the first line of the parameters' docstring, else the name."""
    text = inspect.cleandoc(entry.Params.__doc__ or "")
    first = text.split("\n\n")[0].replace("\n", " ")
    return first if first.startswith("`") else f"`{entry.name}`: {_first_line(entry)}"


def _first_line(entry: Entry[Any]) -> str:
    return inspect.cleandoc(type(entry).__doc__ or "").split("\n")[0]


def _page(entry: Entry[Any]) -> str:
    module = inspect.getmodule(type(entry))
    assert module is not None and module.__file__ is not None
    path = Path(module.__file__)
    place = "/".join(path.parts[path.parts.index("compiler") :]) if "compiler" in path.parts else path.name
    about = inspect.cleandoc(module.__doc__ or "")
    return f"{signature(entry)}\n\n{about}\n{inspect.cleandoc(type(entry).__doc__ or '')}\n\n{entry.kind}, {place}"
