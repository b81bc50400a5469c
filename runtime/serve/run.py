"""`serve`: a validating gateway before a supervised Triton, ready when golden requests were answered rightly."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import sys
from pathlib import Path

from aiohttp import web
from aiohttp.web_request import BaseRequest

from sess.compiler.backend import ServeOptions
from sess.compiler.failures import Misused
from sess.runtime.serve.control import Control
from sess.runtime.serve.direct import serve_direct
from sess.runtime.serve.gateway.contract import Limits
from sess.runtime.serve.gateway.http import HttpServer
from sess.runtime.serve.gateway.inference import Inferences
from sess.runtime.serve.gateway.log import Log
from sess.runtime.serve.gateway.metrics import CONTENT_TYPE, Metrics
from sess.runtime.serve.gateway.route import Route
from sess.runtime.serve.gateway.rpc import RpcServer
from sess.runtime.serve.supervisor import Supervisor
from sess.runtime.serve.triton import choose_port

ENDS_WITHIN = 15.0  # seconds, for what is under way when the server ends


def serve(options: ServeOptions) -> int:
    """Serve an artifact until SIGTERM or SIGINT; return 0. RunFailed if it can't be served."""
    _check_host(options.host)
    ports = [port for port in (options.http_port, options.grpc_port, options.metrics_port) if port]
    if len(set(ports)) < len(ports):
        raise Misused("two of the ports are the same", "give `--http-port`, `--grpc-port` and `--metrics-port` apart")
    if options.is_direct:
        return serve_direct(options)
    return asyncio.run(_serve(options))


async def _serve(options: ServeOptions) -> int:
    is_over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_over.set)
    route, metrics, log = Route(), Metrics(), Log(has_requests=options.logs_requests)
    limits = Limits(options.max_sessions, options.max_values, options.max_bytes)
    supervisor = Supervisor(route, metrics, log, limits, has_spare=options.has_spare, relays=options.relays)
    inferences = Inferences(route, metrics, limits, supervisor.examine)
    http, rpc, control = HttpServer(inferences, log), RpcServer(inferences, log), Control(supervisor, log)
    http_port, grpc_port = choose_port(options.http_port, options.host), choose_port(options.grpc_port, options.host)
    scrapes = None
    try:
        await http.start(options.host, http_port)
        await rpc.start(options.host, grpc_port)
        if options.metrics_port is not None:
            scrapes = await _start_metrics(metrics, options.host, choose_port(options.metrics_port, options.host))
        await control.start(options.control or _socket_of(options.artifact))
        print(f"serve: starting Triton on `{options.artifact}`", file=sys.stderr, flush=True)
        begun = supervisor.begin(options.artifact)
        await asyncio.wait([begun, asyncio.ensure_future(is_over.wait())], return_when=asyncio.FIRST_COMPLETED)
        if begun.done():
            begun.result()
            _announce(supervisor, options, http_port, grpc_port)
            await is_over.wait()
            print("serve: finishing what is under way", file=sys.stderr, flush=True)
            route.drain()
            metrics.ready.set(0)
            await asyncio.sleep(options.drain)
    finally:
        await asyncio.gather(http.refuse_connections(), rpc.refuse_connections())
        await asyncio.gather(http.stop(ENDS_WITHIN), rpc.stop(ENDS_WITHIN), control.stop())
        if scrapes is not None:
            scrapes.close()
        await supervisor.end()
    print("serve: stopped", file=sys.stderr, flush=True)
    return 0


def _announce(supervisor: Supervisor, options: ServeOptions, http_port: int, grpc_port: int) -> None:
    staged = supervisor.staged
    name = staged.program.serving.name
    lines = [
        f"ready: {name} answered {len(staged.golden.rows)} golden sessions rightly",
        f"http  http://{_shown(options.host)}:{http_port}/v2/models/{name}",
        f"grpc  grpc://{_shown(options.host)}:{grpc_port}/{name}",
    ]
    if options.metrics_port:
        lines.append(f"metrics  http://{_shown(options.host)}:{options.metrics_port}/metrics")
    lines.append(f"control  {options.control or _socket_of(options.artifact)}")
    print("\n".join(lines), flush=True)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _socket_of(artifact: Path) -> Path:
    """Return the control socket beside an artifact: `DIR.sock`."""
    whole = artifact.absolute()
    return whole.with_name(f"{whole.name}.sock")


async def _start_metrics(metrics: Metrics, host: str, port: int) -> asyncio.Server:
    async def handle(request: BaseRequest) -> web.StreamResponse:
        if request.path != "/metrics":
            return web.Response(status=404)
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    server = web.Server(handle, access_log=None)
    return await asyncio.get_running_loop().create_server(server, host, port)


def _check_host(host: str) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if host != "localhost":
            raise Misused(f"`{host}` is not an address", "use `--host 127.0.0.1`, or 0.0.0.0 for all") from None
