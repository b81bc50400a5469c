"""`sess serve`: a real Triton over an artifact."""

from __future__ import annotations

from pathlib import Path

import click

from sess.compiler.backend import ServeOptions
from sess.compiler.cli.options import backend, lacking


@click.command("serve")
@click.argument("artifact", metavar="DIR")
@click.option("--http-port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--grpc-port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0 takes a free one.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Prometheus metrics; none without it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def command(artifact: str, http_port: int, grpc_port: int, metrics_port: int | None, host: str) -> int:
    """Serve on HTTP and gRPC (KServe v2) until a signal; ready means that a golden request was answered rightly."""
    options = ServeOptions(Path(artifact), http_port or None, grpc_port or None, metrics_port, host)
    try:
        return backend().serve(options)
    except ModuleNotFoundError as error:
        raise lacking(error) from error
