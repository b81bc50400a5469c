"""`serve --direct`: Triton itself on the ports, for networks where everyone is trusted."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sess.compiler.backend import ServeOptions
from sess.compiler.plans import Program
from sess.runtime.artifact import open_artifact
from sess.runtime.serve.client import Client
from sess.runtime.serve.golden import check_golden, read_golden
from sess.runtime.serve.installation import require_backend
from sess.runtime.serve.triton import Ports, Triton, choose_port
from sess.runtime.trust.check import check_servable

LOOKS_EVERY = 0.2  # seconds


def serve_direct(options: ServeOptions) -> int:
    """Serve an artifact until SIGTERM or SIGINT; return 0. RunFailed if Triton dies or answers wrongly."""
    artifact = open_artifact(options.artifact)
    program = artifact.program
    check_servable(artifact.path, program)
    require_backend(program.serving)
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
    metrics = None if options.metrics_port is None else choose_port(options.metrics_port, options.host)
    return Ports(choose_port(options.http_port, options.host), choose_port(options.grpc_port, options.host), metrics)


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
