"""The gRPC half of the gateway: KServe v2's inference service, messages checked before Triton sees them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from google.protobuf.message import DecodeError
from tritonclient.grpc import service_pb2 as messages

from sess.runtime.serve.gateway import calls, health
from sess.runtime.serve.gateway.contract import LONGEST_ID, VERSION, Contract
from sess.runtime.serve.gateway.http2 import Connection
from sess.runtime.serve.gateway.inference import Inferences, Wanted
from sess.runtime.serve.gateway.listening import Door
from sess.runtime.serve.gateway.log import Log
from sess.runtime.serve.gateway.metadata import SERVER, extensions, model_metadata
from sess.runtime.serve.gateway.proto_body import answer_of, read_message
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid
from sess.runtime.serve.gateway.streams import Headers, Response

Message = Any  # protobuf's messages have no types here

SERVICE = "inference.GRPCInferenceService"
ROOM = 64 * 1024  # bytes of a message beside its tensors
ID_KEY = b"x-request-id"
LONGEST_KEY = 128


class RpcServer:
    """Answers health, metadata and inference; all else of Triton's service is unimplemented."""

    def __init__(self, inferences: Inferences, log: Log) -> None:
        self._inferences, self._log = inferences, log
        self._longest = inferences.limits.bytes + ROOM
        self.most = calls.PREFIX + self._longest
        self._connections: set[Connection] = set()
        self._door = Door(self._connect)
        self._methods: dict[bytes, tuple[Any, Callable[..., Any]]] = {
            _path("ServerLive"): (messages.ServerLiveRequest, lambda _: messages.ServerLiveResponse(live=True)),
            _path("ServerReady"): (messages.ServerReadyRequest, self._ready),
            _path("ModelReady"): (messages.ModelReadyRequest, self._model_ready),
            _path("ServerMetadata"): (messages.ServerMetadataRequest, self._metadata),
            _path("ModelMetadata"): (messages.ModelMetadataRequest, self._model_metadata),
            _path("ModelInfer"): (messages.ModelInferRequest, self._infer),
            health.CHECK.encode(): (health.Request, self._health),
        }

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        await self._door.open(host, port)

    async def refuse_connections(self) -> None:
        """Take no more connections; those that were begun are served."""
        await self._door.shut()

    async def stop(self, within: float) -> None:
        """Take no more calls, and let those under way end."""
        for connection in tuple(self._connections):
            connection.end()
        ends = time.monotonic() + within
        while self._connections and time.monotonic() < ends:
            await asyncio.sleep(0.02)
        for connection in tuple(self._connections):
            connection.abort()

    def refuse(self, headers: Headers, body: bytearray) -> Response | None:
        """Return the response to a call of which enough has come to refuse it."""
        if not calls.is_call(headers):
            return calls.NO_GRPC
        try:
            if headers.get(b":path") not in self._methods:  # at once: a stream of messages may never end
                raise Refusal(Reason.NO_METHOD, "there is no such method", "unknown path")
            if not body:  # as the headers have come
                calls.check_headers(headers)
            calls.check_size(body, self._longest)
        except Refusal as refused:
            return self._refused(refused, headers)
        return None

    async def answer(self, headers: Headers, body: bytearray) -> Response:
        """Return the response to a whole call: its message, or its status where there is none."""
        try:
            call = calls.read_call(headers)
            async with asyncio.timeout(call.timeout):
                read = partial(calls.message_of, call, body, self._longest)
                # A few bytes can be unpacked to millions: the calls beside it don't wait for that.
                raw = await asyncio.to_thread(read) if call.is_compressed else read()
                return calls.answer(await self._serialized(headers[b":path"], raw, call.timeout))
        except TimeoutError:
            late = Refusal(Reason.TIMED_OUT, "the deadline ended before the answer was there", "deadline")
            return self._refused(late, headers)
        except Refusal as refused:
            return self._refused(refused, headers)

    def _connect(self) -> Connection:
        connection = Connection(self, self._connections.discard)
        self._connections.add(connection)
        return connection

    def _refused(self, refused: Refusal, headers: Headers) -> Response:
        self._inferences.metrics.rejected.labels(refused.rule).inc()
        id, status = calls.text_of(headers, ID_KEY, LONGEST_KEY) or os.urandom(8).hex(), refused.reason.value.grpc
        self._log.refused(refused.rule, id=id, protocol="grpc", status=status)
        return calls.refusal(status, refused.message, {ID_KEY: id})

    def _contract(self) -> Contract:
        with self._inferences.route.enter() as lane:
            return lane.generation.contract

    def _ready(self, _: Message) -> Message:
        return messages.ServerReadyResponse(ready=self._inferences.route.is_ready)

    def _model_ready(self, request: Message) -> Message:
        self._contract().check_model(request.name, request.version)
        return messages.ModelReadyResponse(ready=self._inferences.route.is_ready)

    def _health(self, request: Message) -> Message:
        lane = self._inferences.route.lane
        known = (SERVICE, *lane.generation.contract.models) if lane else ()
        status = health.status_of(request.service, known, is_ready=self._inferences.route.is_ready)
        return health.Response(status=status)

    def _metadata(self, _: Message) -> Message:
        return messages.ServerMetadataResponse(name=SERVER, version=VERSION, extensions=extensions(self._contract()))

    def _model_metadata(self, request: Message) -> Message:
        contract = self._contract()
        contract.check_model(request.name, request.version)
        found = model_metadata(contract, request.name)
        tensor = messages.ModelMetadataResponse.TensorMetadata
        return messages.ModelMetadataResponse(
            name=found["name"], versions=found["versions"], platform=found["platform"],
            inputs=[tensor(**each) for each in found["inputs"]],
            outputs=[tensor(**each) for each in found["outputs"]],
        )  # fmt: skip

    async def _infer(self, request: Message, size: int, timeout: float | None) -> Message:
        started = time.monotonic()
        # Read here: what isn't UTF-8 is refused before anything is counted.
        model, id = request.model_name, request.id[:LONGEST_ID]

        def read(contract: Contract) -> Wanted:
            return read_message(request, contract, self._inferences.limits)

        self._inferences.metrics.in_flight.inc()
        status = "OK"
        try:
            outputs = await self._inferences.run(model, request.model_version, size, read, timeout)
            return answer_of(model, id, outputs)
        except Refusal as refusal:
            status = refusal.reason.value.grpc
            if refusal.reason is Reason.NOT_FOUND:
                model = "-"
            raise
        except asyncio.CancelledError:  # the client went, or its deadline ended
            status = "CANCELLED"
            raise
        finally:
            # Counted when the answer is on its way.
            asyncio.get_running_loop().call_soon(self._count, id, model, status, time.monotonic() - started)

    def _count(self, id: str, model: str, status: str, seconds: float) -> None:
        metrics = self._inferences.metrics
        metrics.in_flight.dec()
        metrics.requests.labels("grpc", model, status).inc()
        metrics.latency.labels("grpc", model).observe(seconds)
        self._log.request(id=id, protocol="grpc", model=model, status=status, ms=round(seconds * 1000, 2))

    async def _serialized(self, path: bytes, raw: bytes, timeout: float | None) -> bytes:
        kind, run = self._methods[path]
        try:
            request = kind.FromString(raw)
            found = await run(request, len(raw), timeout) if run == self._infer else run(request)
            serialized: bytes = found.SerializeToString()
            return serialized
        except DecodeError:
            raise invalid("the message is no protobuf of this service", "bad message") from None
        except UnicodeDecodeError:  # a text is decoded when it is asked for
            raise invalid("the message holds a name that is not UTF-8", "bad message") from None
        except Refusal:
            raise
        except Exception as error:
            self._log.event("bug", protocol="grpc", error=f"{type(error).__name__}: {error}")
            raise Refusal(Reason.FAILED, "the server failed on this request", "bug") from None


def _path(method: str) -> bytes:
    return f"/{SERVICE}/{method}".encode()
