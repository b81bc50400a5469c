"""`sess lsp`: the language server, which editors start and talk to by standard input and output."""

from __future__ import annotations

import contextlib
import logging
import os
import sys

import click

from sess.compiler.failures import Missing


class _OneLine(logging.Formatter):
    """What goes wrong is one line: a client that speaks wrongly is no reason for a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message, and of an exception its kind and first line."""
        error = record.exc_info[1] if record.exc_info else None
        said = f": {type(error).__name__}: {str(error)[:200]}" if error is not None else ""
        return f"{record.getMessage()[:300]}{said}".partition("\n")[0]


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
    spoken = logging.StreamHandler(sys.stderr)
    spoken.setFormatter(_OneLine("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[spoken])
    with contextlib.redirect_stdout(sys.stderr):
        build().start_io(incoming, outgoing)
    return 0
