"""`serve`: a supervisor around one Triton, ready when a golden request was answered rightly, until a signal ends it."""

from __future__ import annotations

import ipaddress
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sess.compiler.backend import ServeOptions
from sess.compiler.failures import Misused
from sess.compiler.plans import Program
from sess.runtime.artifact import open_artifact
from sess.runtime.serve.client import Client
from sess.runtime.serve.golden import check_golden, read_golden
from sess.runtime.serve.triton import Ports, Triton, choose_port

LOOKS_EVERY = 0.2  # seconds


def serve(options: ServeOptions) -> int:
    """Serve an artifact until SIGTERM or SIGINT; return 0. RunFailed if Triton dies or answers wrongly."""
    _check_host(options.host)
    artifact = open_artifact(options.artifact)
    program = artifact.program
    golden = read_golden(program, artifact.path)
    with _until_a_signal() as is_over:
        ports = _ports(options)
        print(f"serve: starting Triton on `{options.artifact}`", file=sys.stderr, flush=True)
        with Triton(artifact.path / "triton", options.host, ports, relays=True) as triton:
            triton.wait_until_loaded(is_over)
            if not is_over.is_set():
                for address, is_grpc in ((triton.http, False), (triton.grpc, True)):
                    with Client(address, is_grpc=is_grpc) as client:
                        check_golden(client, program, golden)
                _announce(program, triton, len(golden.rows))
            while not is_over.wait(LOOKS_EVERY):
                triton.check()
            print("serve: finishing what is under way", file=sys.stderr, flush=True)
    print("serve: stopped", file=sys.stderr, flush=True)
    return 0


def _announce(program: Program, triton: Triton, rows: int) -> None:
    name = program.serving.name
    lines = [
        f"ready: {name} answered {rows} golden sessions rightly",
        f"http  http://{triton.http}/v2/models/{name}",
        f"grpc  grpc://{triton.grpc}/{name}",
    ]
    if triton.ports.metrics is not None:
        lines.append(f"metrics  http://{triton.host}:{triton.ports.metrics}/metrics")
    print("\n".join(lines), flush=True)


def _ports(options: ServeOptions) -> Ports:
    wanted = {
        "--http-port": options.http_port,
        "--grpc-port": options.grpc_port,
        "--metrics-port": options.metrics_port,
    }
    given = [port for port in wanted.values() if port is not None]
    if len(set(given)) < len(given):
        raise Misused("two of the ports are the same", "give `--http-port`, `--grpc-port` and `--metrics-port` apart")
    metrics = None if options.metrics_port is None else choose_port(options.metrics_port, options.host)
    return Ports(choose_port(options.http_port, options.host), choose_port(options.grpc_port, options.host), metrics)


def _check_host(host: str) -> None:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise Misused(f"`{host}` is not an address", "use `--host 127.0.0.1`") from None
    if not is_loopback:
        # One request with a huge shape kills Triton 2.51: it isn't for open networks.
        raise Misused(f"`{host}` is reached from outside, and Triton serves this machine alone", "use 127.0.0.1")


@contextmanager
def _until_a_signal() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set; the handlers of before come back."""
    is_over = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        is_over.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield is_over
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
