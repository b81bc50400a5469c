"""An inference over gRPC: the tensors of a request, and the message of its answer (KServe v2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tritonclient.grpc import service_pb2 as messages

from sess.runtime.serve.gateway.contract import LONGEST_ID, VERSION, Array, Contract, Input, Limits
from sess.runtime.serve.gateway.inference import Wanted
from sess.runtime.serve.gateway.parameters import TIMEOUT, refuse_unserved, seconds_of
from sess.runtime.serve.gateway.question import Output
from sess.runtime.serve.gateway.refusal import invalid
from sess.runtime.serve.gateway.wire import count_of, from_bytes, shaped

Message = Any  # protobuf's messages have no types here

_CONTENTS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip


def read_message(message: Message, contract: Contract, limits: Limits) -> Wanted:
    """Return the tensors of a request and the outputs that it wants; a Refusal where one can't be read."""
    if len(message.id) > LONGEST_ID:
        raise invalid(f"`id` must be a text of at most {LONGEST_ID} characters", "bad message")
    raw = message.raw_input_contents
    if len(raw) not in (0, len(message.inputs)):
        text = f"the request has {len(message.inputs)} inputs and {len(raw)} raw contents"
        raise invalid(text, "raw contents")
    refuse_unserved(message.parameters, "the request")
    tensors: dict[str, Array] = {}
    for i, entry in enumerate(message.inputs):
        if entry.name in tensors:
            raise invalid(f"`{entry.name}` is given twice", "duplicate input")
        tensor = contract.input(entry.name, entry.datatype)
        refuse_unserved(entry.parameters, f"`{entry.name}`")
        count = count_of(tensor, list(entry.shape), limits)
        if raw:
            if entry.HasField("contents"):
                raise invalid(f"`{entry.name}` has both raw and typed contents", "raw contents")
            tensors[entry.name] = shaped(tensor, from_bytes(tensor, memoryview(raw[i]), count))
        else:
            tensors[entry.name] = shaped(tensor, _typed(tensor, entry.contents, count))
    names: dict[str, object] = {}
    for output in message.outputs:
        if output.name in names:
            raise invalid(f"`{output.name[:64]}` is asked for twice", "duplicate output")
        refuse_unserved(output.parameters, f"`{output.name[:64]}`")
        names[output.name] = None
    contract.check_outputs(message.model_name, names)
    return Wanted(tensors, tuple(names), _within(message.parameters))


def answer_of(model: str, id: str, outputs: Mapping[str, Output]) -> Message:
    """Return the message that answers a request."""
    message = messages.ModelInferResponse(model_name=model, model_version=VERSION, id=id)
    for name, output in outputs.items():
        message.outputs.add(name=name, datatype=output.datatype, shape=output.shape)
        message.raw_output_contents.append(output.content)
    return message


def _within(parameters: Message) -> float | None:
    if TIMEOUT not in parameters:  # asking for it would add it
        return None
    said = parameters[TIMEOUT]
    return seconds_of(getattr(said, said.WhichOneof("parameter_choice") or "int64_param"))


def _typed(tensor: Input, contents: Message, count: int) -> Array:
    field = _CONTENTS.get(tensor.datatype)
    values = list(getattr(contents, field)) if field else []
    if len(values) != count:
        raise invalid(f"`{tensor.name}` holds {len(values)} values, its shape says {count}", "shape and data differ")
    if tensor.dtype.kind == "O":
        texts = np.empty(count, object)
        texts[:] = values
        return texts
    if tensor.dtype.kind in "iu":
        bounds = np.iinfo(tensor.dtype)
        wrong = next((i for i, value in enumerate(values) if not bounds.min <= value <= bounds.max), None)
        if wrong is not None:
            raise invalid(f"`{tensor.name}`: value {wrong} is out of the range of {tensor.datatype}", "bad value")
    return np.array(values, tensor.dtype)
