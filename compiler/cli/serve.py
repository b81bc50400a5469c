"""`sess serve`: a real Triton over an artifact, behind a gateway that checks every request."""

from __future__ import annotations

from pathlib import Path

import click

from sess.compiler.backend import ServeOptions
from sess.compiler.cli.options import backend, lacking


@click.command("serve")
@click.argument("artifact", metavar="DIR", type=click.Path())
@click.option("--http-port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--grpc-port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0 takes a free one.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Prometheus metrics; none without it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--control", metavar="SOCKET", help="The socket of `publish` and `rollback`.  [default: DIR.sock]")
@click.option("--drain", type=click.FloatRange(0), default=1.0, show_default=True,
              help="Seconds in which requests are still taken after SIGTERM.")  # fmt: skip
@click.option("--spare/--no-spare", default=True, show_default=True, help="A second Triton that takes over at once.")
@click.option("--max-sessions", type=click.IntRange(1), default=4096, show_default=True, help="In one request.")
@click.option("--max-values", type=click.IntRange(1), default=1_048_576, show_default=True, help="In one tensor.")
@click.option(
    "--max-bytes", type=click.IntRange(1024), default=16 * 1024 * 1024, show_default=True, help="In one body."
)
@click.option("--log-requests", is_flag=True, help="Log answered requests too, without their content.")
@click.option("--log-triton", is_flag=True, help="Relay Triton's own log.")
@click.option("--direct", is_flag=True, help="Triton itself on the ports, without the gateway: for trusted networks.")
def command(
    artifact: str, http_port: int, grpc_port: int, metrics_port: int | None, host: str, control: str | None,
    drain: float, spare: bool, max_sessions: int, max_values: int,  # noqa: FBT001 - click passes by name
    max_bytes: int, log_requests: bool, log_triton: bool, direct: bool,  # noqa: FBT001
) -> int:  # fmt: skip
    """Serve on HTTP and gRPC (KServe v2) until a signal; ready means that golden requests were answered rightly."""
    options = ServeOptions(
        Path(artifact), http_port or None, grpc_port or None, metrics_port, host,
        None if control is None else Path(control),
        max_sessions, max_values, max_bytes, drain, spare, direct, log_requests, log_triton or direct,
    )  # fmt: skip
    try:
        return backend().serve(options)
    except ModuleNotFoundError as error:
        raise lacking(error) from error
