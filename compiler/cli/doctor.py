"""`sess doctor`: what of the environment works, and the line that mends what doesn't."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version

import click

PARTS = {
    "check, graph": ("lark", "networkx", "protobuf", "jinja2"),
    "compile": ("tensorflow", "keras", "nvtabular", "merlin-core"),
    "serve": ("nvidia-pytriton", "tritonclient"),
    "lsp": ("pygls", "lsprotocol"),
}
EXTRAS = {"compile": "train", "serve": "serve", "lsp": "lsp"}
_ONLY_FOR_EDITORS = ("lsp",)  # a server or a CI job is whole without it


@click.command("doctor")
def command() -> int:
    """Say what is installed for which command; exit code 3 if anything is missing."""
    click.echo(f"python {platform.python_version()} at {sys.prefix}")
    is_whole = sys.version_info[:2] == (3, 11)
    if not is_whole:
        click.echo("  needs 3.11: NVTabular 23.08 and Triton's wheel meet only there")
    for part, packages in PARTS.items():
        found = {package: _version(package) for package in packages}
        missing = [package for package, number in found.items() if number is None]
        listed = ", ".join(f"{package} {number or 'missing'}" for package, number in found.items())
        click.echo(f"{'ok     ' if not missing else 'missing'} {part}: {listed}")
        if missing:
            is_whole = is_whole and part in _ONLY_FOR_EDITORS
            click.echo(f'        pip install "sess[{EXTRAS.get(part, "dev")}]"')
    if shutil.which("g++") is None:
        click.echo("note    g++ is not there; NVTabular needs it once, to be installed")
    return 0 if is_whole else 3


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
