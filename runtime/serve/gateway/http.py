"""The HTTP half of the gateway: KServe v2 over HTTP/1.1, every byte checked before Triton sees one."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.web_request import BaseRequest

from sess.runtime.serve.gateway.contract import VERSION, Contract
from sess.runtime.serve.gateway.http_body import take_body
from sess.runtime.serve.gateway.http_connection import HttpConnection
from sess.runtime.serve.gateway.inference import Inferences, Wanted
from sess.runtime.serve.gateway.json_body import Inference, read_body
from sess.runtime.serve.gateway.listening import Door
from sess.runtime.serve.gateway.log import Log
from sess.runtime.serve.gateway.metadata import SERVER, model_metadata, server_metadata
from sess.runtime.serve.gateway.question import Output
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid
from sess.runtime.serve.gateway.wire import json_of

ASKS_WITHIN = 1.0  # seconds, for a connection that was made before the end to send its request
RETRY_AFTER = "1"
ID_HEADER = "X-Request-Id"
HEADER_LENGTH = "Inference-Header-Content-Length"


class HttpServer:
    """Answers health, metadata and inference; everything else is not there."""

    def __init__(self, inferences: Inferences, log: Log) -> None:
        self._inferences, self._log = inferences, log
        self._server: web.Server | None = None
        self._door = Door(self._connection)

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        self._server = web.Server(self._handle)
        await self._door.open(host, port)

    async def refuse_connections(self) -> None:
        """Take no more connections; those that were begun are served."""
        await self._door.shut()

    async def stop(self, within: float) -> None:
        """End connections: each after its answer, those that ask nothing after a while."""
        if self._server is not None:
            # Every answer of a draining server ends its connection, so that what is left may still be about to ask.
            ends = time.monotonic() + ASKS_WITHIN
            while self._server.connections and time.monotonic() < ends:
                await asyncio.sleep(0.02)
            self._server.pre_shutdown()  # idle connections end; busy ones after their answer
            await self._server.shutdown(within)

    def _connection(self) -> web.RequestHandler:
        assert self._server is not None
        return HttpConnection(self._server, self._refuse_what_is_no_request)

    def _refuse_what_is_no_request(self, request: BaseRequest) -> web.Response:
        response = self._refused(request, os.urandom(8).hex(), invalid("this is no request of HTTP/1.1", "no HTTP"))
        response.force_close()  # where the next request would begin is unknown
        return response

    async def _handle(self, request: BaseRequest) -> web.StreamResponse:
        started = time.monotonic()
        id = _id_of(request)
        model = "-"
        self._inferences.metrics.in_flight.inc()
        try:
            path = _path_of(request)
            model, response = await self._answer(request, path)
        except Refusal as refusal:
            response = self._refused(request, id, refusal)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            self._log.event("bug", id=id, protocol="http", error=f"{type(error).__name__}: {error}")
            response = self._refused(request, id, Refusal(Reason.FAILED, "the server failed on this request", "bug"))
        finally:
            self._inferences.metrics.in_flight.dec()
        response.headers[ID_HEADER], response.headers["Server"] = id, SERVER
        if self._inferences.route.is_draining:
            response.force_close()
        if model != "-":
            seconds = time.monotonic() - started
            self._inferences.metrics.requests.labels("http", model, str(response.status)).inc()
            self._inferences.metrics.latency.labels("http", model).observe(seconds)
            self._log.request(
                id=id, protocol="http", model=model, status=response.status, ms=round(seconds * 1000, 2)
            )  # fmt: skip
        return response

    def _refused(self, request: BaseRequest, id: str, refusal: Refusal) -> web.Response:
        self._inferences.metrics.rejected.labels(refusal.rule).inc()
        self._log.refused(refusal.rule, id=id, protocol="http", status=refusal.reason.value.http)
        headers = {ID_HEADER: id, "Server": SERVER}
        if refusal.reason is Reason.NOT_READY:
            headers["Retry-After"] = RETRY_AFTER
        elif refusal.reason is Reason.NO_METHOD:
            headers["Allow"] = "POST" if request.rel_url.path.endswith("/infer") else "GET, HEAD"
        response = web.json_response({"error": refusal.message}, status=refusal.reason.value.http, headers=headers)
        if not request._payload.is_eof():  # what is left of the body is not read
            response.force_close()
        return response

    async def _answer(self, request: BaseRequest, path: tuple[str, ...]) -> tuple[str, web.Response]:
        """Return the model that is asked, `-` for none, and the response."""
        route = self._inferences.route
        match path:
            case ("v2",):
                return "-", self._get(request, lambda: web.json_response(server_metadata(self._contract())))
            case ("v2", "health", "live"):
                return "-", self._get(request, web.Response)
            case ("v2", "health", "ready"):
                return "-", self._get(request, lambda: web.Response(status=200 if route.is_ready else 503))
            case ("v2", "models", model, *rest):
                version = rest.pop(0) if rest[:1] == ["versions"] and rest.pop(0) and rest else ""
                match rest:
                    case []:
                        return "-", self._get(request, lambda: self._metadata(model, version))
                    case ["ready"]:
                        return "-", self._get(request, lambda: self._model_ready(model, version))
                    case ["infer"]:
                        return await self._infer(request, model, version)
        raise Refusal(Reason.NOT_FOUND, "there is nothing at this path", "unknown path")

    def _get(self, request: BaseRequest, answer: Any) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            raise Refusal(Reason.NO_METHOD, f"`{request.method[:16]}` is not answered here, `GET` is", "method")
        found: web.Response = answer()
        return found

    def _contract(self) -> Contract:
        with self._inferences.route.enter() as lane:
            return lane.generation.contract

    def _metadata(self, model: str, version: str) -> web.Response:
        contract = self._contract()
        contract.check_model(model, version)
        return web.json_response(model_metadata(contract, model))

    def _model_ready(self, model: str, version: str) -> web.Response:
        self._contract().check_model(model, version)
        return web.Response(status=200 if self._inferences.route.is_ready else 503)

    async def _infer(self, request: BaseRequest, model: str, version: str) -> tuple[str, web.Response]:
        if request.method != "POST":
            raise Refusal(Reason.NO_METHOD, f"`{request.method[:16]}` is not answered here, `POST` is", "method")
        self._contract().check_model(model, version)  # before a body is read
        limits, header_length = self._inferences.limits, request.headers.get(HEADER_LENGTH)
        body = await take_body(request, limits.bytes)
        found: list[Inference] = []

        def read(contract: Contract) -> Wanted:
            inference = read_body(body, header_length, model, contract, limits)
            found.append(inference)
            return Wanted(inference.tensors, inference.outputs, inference.within)

        try:
            outputs = await self._inferences.run(model, version, len(body), read, None)
        except Refusal as refusal:
            self._inferences.metrics.requests.labels("http", model, str(refusal.reason.value.http)).inc()
            raise
        return model, _response(model, outputs, found[-1])


def _response(model: str, found: Mapping[str, Output], inference: Inference) -> web.Response:
    """Return Triton's answer as JSON, with the outputs that are wanted so as bytes behind it."""
    outputs: list[dict[str, Any]] = []
    binary: list[bytes] = []
    for name, is_binary in inference.outputs.items():
        output = found[name]
        said: dict[str, Any] = {"name": name, "datatype": output.datatype, "shape": output.shape}
        if is_binary:
            said["parameters"] = {"binary_data_size": len(output.content)}
            binary.append(output.content)
        else:
            said["data"] = json_of(output.datatype, output.shape, output.content)
        outputs.append(said)
    whole: dict[str, Any] = {"model_name": model, "model_version": VERSION, "outputs": outputs}
    if inference.id:
        whole["id"] = inference.id
    text = json.dumps(whole, ensure_ascii=False).encode()
    if not binary:
        return web.Response(body=text, content_type="application/json")
    headers = {HEADER_LENGTH: str(len(text))}
    return web.Response(body=b"".join([text, *binary]), content_type="application/octet-stream", headers=headers)


def _path_of(request: BaseRequest) -> tuple[str, ...]:
    """Return the decoded parts of the path; one that climbs is nowhere."""
    parts = tuple(unquote(part) for part in request.rel_url.raw_path.strip("/").split("/"))
    if any(part in ("", ".", "..") or "/" in part or "\0" in part for part in parts):
        raise Refusal(Reason.NOT_FOUND, "there is nothing at this path", "unknown path")
    return parts


def _id_of(request: BaseRequest) -> str:
    given = request.headers.get(ID_HEADER, "")
    return given if 0 < len(given) <= 128 and given.isascii() and given.isprintable() else os.urandom(8).hex()
