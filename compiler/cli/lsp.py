"""`sess lsp`: the language server, which editors start and talk to by standard input and output."""

from __future__ import annotations

import contextlib
import os
import sys

import click

from sess.compiler.failures import Missing


@click.command("lsp")
@click.option("--stdio", is_flag=True, expose_value=False, help="Talk by standard input and output, as it always does.")
def command() -> int:
    """Serve editors: findings while typing, hover, completion, definitions, renaming, fixes, formatting."""
    try:
        from sess.compiler.lsp.server import build
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise Missing(f"the package `{error.name}` is not installed", 'install it: pip install "sess[lsp]"') from None
    # The protocol has the real streams for itself; what else is printed in this process must not get in between.
    incoming, outgoing = os.fdopen(os.dup(sys.stdin.fileno()), "rb"), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with contextlib.redirect_stdout(sys.stderr):
        build().start_io(incoming, outgoing)
    return 0
