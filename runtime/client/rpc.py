"""KServe v2 over gRPC, by Triton's own messages (`pip install 'sess[serve]'`)."""

from __future__ import annotations

import array
import struct
import sys
from typing import Any
from urllib.parse import SplitResult

import grpc
from tritonclient.grpc import service_pb2 as messages

from sess.runtime.client.errors import BY_GRPC, BadRequest, Failed, ServingError
from sess.runtime.client.http import Document

SERVICE = "/inference.GRPCInferenceService/"
Message = Any  # protobuf's messages have no types here

_CONTENTS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip
_CODES = {
    "BOOL": "b", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "UINT8": "B", "UINT16": "H", "UINT32": "I",
    "UINT64": "Q", "FP32": "f", "FP64": "d",
}  # fmt: skip


class Rpc:
    """A way to one server."""

    def __init__(self, url: SplitResult) -> None:
        # A server that starts again is found at once, not after gRPC's own pause of up to two minutes.
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_reconnect_backoff_ms", 1000)]
        if url.scheme == "grpcs":
            self._channel = grpc.secure_channel(url.netloc, grpc.ssl_channel_credentials(), options=options)
        else:
            self._channel = grpc.insecure_channel(url.netloc, options=options)

    def metadata(self, model: str | None, seconds: float) -> Document:
        """Return what the server says of itself, or of a model."""
        if model is None:
            said = self._ask(
                "ServerMetadata", messages.ServerMetadataRequest(), messages.ServerMetadataResponse, seconds
            )
            return {"extensions": list(said.extensions)}
        request = messages.ModelMetadataRequest(name=model)
        said = self._ask("ModelMetadata", request, messages.ModelMetadataResponse, seconds)
        return {
            key: [{"name": each.name, "datatype": each.datatype, "shape": list(each.shape)} for each in tensors]
            for key, tensors in (("inputs", said.inputs), ("outputs", said.outputs))
        }

    def is_ready(self, seconds: float) -> bool:
        """Return whether the server says that it is ready."""
        try:
            said = self._ask("ServerReady", messages.ServerReadyRequest(), messages.ServerReadyResponse, seconds)
        except ServingError:
            return False
        return bool(said.ready)

    def infer(self, model: str, document: Document, seconds: float) -> Document:
        """Return the outputs by name, flat, with their shapes."""
        request = messages.ModelInferRequest(model_name=model)
        for tensor in document["inputs"]:
            sent = request.inputs.add(name=tensor["name"], datatype=tensor["datatype"], shape=tensor["shape"])
            name, datatype = tensor["name"], tensor["datatype"]
            try:
                data = [value.encode() for value in tensor["data"]] if datatype == "BYTES" else tensor["data"]
                getattr(sent.contents, _CONTENTS[datatype]).extend(data)
            except (ValueError, OverflowError):  # what a message can't hold
                raise BadRequest(f"`{name}` holds what is no {datatype}", name) from None
        for output in document.get("outputs", ()):
            request.outputs.add(name=output["name"])
        said = self._ask("ModelInfer", request, messages.ModelInferResponse, seconds)
        pairs = zip(said.outputs, said.raw_output_contents, strict=True)
        return {output.name: (list(output.shape), _values(output.datatype, raw)) for output, raw in pairs}

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def _ask(self, method: str, request: Message, kind: Any, seconds: float) -> Message:
        call = self._channel.unary_unary(
            SERVICE + method, request_serializer=type(request).SerializeToString, response_deserializer=kind.FromString
        )
        try:
            return call(request, timeout=seconds)
        except grpc.RpcError as error:
            raise BY_GRPC.get(error.code().name, Failed)(error.details() or error.code().name) from None


def _values(datatype: str, raw: bytes) -> list[Any]:
    if datatype != "BYTES":
        values = array.array(_CODES[datatype], raw)
        if sys.byteorder == "big":
            values.byteswap()
        return values.tolist()
    found, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        found.append(raw[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return found
