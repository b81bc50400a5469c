"""The gRPC half of the gateway: KServe v2's inference service, messages checked before Triton sees them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from tritonclient.grpc import service_pb2 as messages

from sess.runtime.serve.gateway.contract import LONGEST_ID, VERSION, Array, Contract
from sess.runtime.serve.gateway.inference import Inferences
from sess.runtime.serve.gateway.log import Log
from sess.runtime.serve.gateway.metadata import SERVER, extensions, model_metadata
from sess.runtime.serve.gateway.proto_body import answer_of, read_message
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid

Message = Any  # protobuf's messages have no types here

SERVICE = "/inference.GRPCInferenceService/"
INFER = "ModelInfer"
ROOM = 64 * 1024  # bytes of a message beside its tensors
ID_KEY = "x-request-id"


class RpcServer:
    """Answers health, metadata and inference; all else of Triton's service is unimplemented."""

    def __init__(self, inferences: Inferences, log: Log) -> None:
        self._inferences, self._log = inferences, log
        self._server: Any = None
        self._methods: dict[str, tuple[Any, Callable[..., Any]]] = {
            "ServerLive": (messages.ServerLiveRequest, lambda _: messages.ServerLiveResponse(live=True)),
            "ServerReady": (messages.ServerReadyRequest, self._ready),
            "ModelReady": (messages.ModelReadyRequest, self._model_ready),
            "ServerMetadata": (messages.ServerMetadataRequest, self._metadata),
            "ModelMetadata": (messages.ModelMetadataRequest, self._model_metadata),
            INFER: (messages.ModelInferRequest, self._infer),
        }

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        options = [
            ("grpc.max_receive_message_length", self._inferences.limits.bytes + ROOM),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
        ]
        self._server = grpc.aio.server(options=options)
        self._server.add_generic_rpc_handlers((_Handlers(self, self._methods),))
        self._server.add_insecure_port(f"{host}:{port}")
        await self._server.start()

    async def stop(self, within: float) -> None:
        """Take no more requests, and let those under way end."""
        if self._server is not None:
            await self._server.stop(within)

    def _contract(self) -> Contract:
        with self._inferences.route.enter() as lane:
            return lane.generation.contract

    def _ready(self, _: Message) -> Message:
        return messages.ServerReadyResponse(ready=self._inferences.route.is_ready)

    def _model_ready(self, request: Message) -> Message:
        self._contract().check_model(request.name, request.version)
        return messages.ModelReadyResponse(ready=self._inferences.route.is_ready)

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

    async def _infer(self, request: Message, raw: bytes, context: Any) -> Message:
        started = time.monotonic()
        # Read here: what isn't UTF-8 is refused before anything is counted.
        model, id = request.model_name, request.id[:LONGEST_ID]

        def read(contract: Contract) -> tuple[Mapping[str, Array], Collection[str]]:
            return read_message(request, contract, self._inferences.limits)

        self._inferences.metrics.in_flight.inc()
        status = "OK"
        try:
            outputs = await self._inferences.run(model, request.model_version, len(raw), read, context.time_remaining())
            return answer_of(model, id, outputs)
        except Refusal as refusal:
            status = refusal.reason.value.grpc
            if refusal.reason is Reason.NOT_FOUND:
                model = "-"
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

    async def answer(self, method: str, raw: bytes, context: Any) -> bytes:
        """Return the serialized answer; the call is aborted with its status where there is none."""
        try:
            return await self._serialized(method, raw, context)
        except Refusal as refusal:
            self._inferences.metrics.rejected.labels(refusal.rule).inc()
            id = dict(context.invocation_metadata() or ()).get(ID_KEY, "") or os.urandom(8).hex()
            status = refusal.reason.value.grpc
            self._log.refused(refusal.rule, id=str(id)[:128], protocol="grpc", status=status)
            context.set_trailing_metadata(((ID_KEY, str(id)[:128]),))
            await context.abort(getattr(grpc.StatusCode, status), refusal.message)
        raise AssertionError("abort raises")

    async def _serialized(self, method: str, raw: bytes, context: Any) -> bytes:
        kind, run = self._methods[method]
        try:
            request = kind.FromString(raw)
            answer = await run(request, raw, context) if method == INFER else run(request)
            serialized: bytes = answer.SerializeToString()
            return serialized
        except DecodeError:
            raise invalid("the message is no protobuf of this service", "bad message") from None
        except UnicodeDecodeError:  # a text is decoded when it is asked for
            raise invalid("the message holds a name that is not UTF-8", "bad message") from None
        except (Refusal, grpc.aio.AbortError):
            raise
        except Exception as error:
            self._log.event("bug", protocol="grpc", error=f"{type(error).__name__}: {error}")
            raise Refusal(Reason.FAILED, "the server failed on this request", "bug") from None


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc] # grpc is untyped
    """Finds the method of a call; bytes come in and go out, so that an answer of Triton is never parsed twice."""

    def __init__(self, server: RpcServer, methods: Mapping[str, object]) -> None:
        self._server, self._names = server, frozenset(methods)

    def service(self, details: Any) -> Any:
        """Return the handler of a call; None for what is not served."""
        name = details.method.removeprefix(SERVICE)
        if name not in self._names:
            return None

        async def run(raw: bytes, context: Any) -> bytes:
            return await self._server.answer(name, raw, context)

        return grpc.unary_unary_rpc_method_handler(run)
