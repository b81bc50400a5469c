"""An inference request over gRPC as tensors, and what travels to Triton: protobuf messages of KServe v2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from tritonclient.grpc import service_pb2 as messages

from sess.runtime.serve.gateway.contract import Array, Contract, Input, Limits
from sess.runtime.serve.gateway.refusal import invalid, refuse_unserved
from sess.runtime.serve.gateway.wire import count_of, from_bytes, shaped, to_bytes

Message = Any  # protobuf's messages have no types here

_CONTENTS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip


def read_message(message: Message, contract: Contract, limits: Limits) -> dict[str, Array]:
    """Return the tensors of a request; a Refusal where one can't be read."""
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
    return tensors


def request_of(model: str, id: str, tensors: Mapping[str, Array], outputs: Iterable[str]) -> Message:
    """Return the message that asks Triton for outputs."""
    message = messages.ModelInferRequest(model_name=model, id=id)
    for name, array in tensors.items():
        datatype = _datatype(array)
        message.inputs.add(name=name, datatype=datatype, shape=array.shape)
        message.raw_input_contents.append(to_bytes(array))
    for name in outputs:
        message.outputs.add(name=name)
    return message


def put_in_order(answer: Message, names: Iterable[str]) -> None:
    """Put the outputs of an answer into the order of these names; an ensemble of Triton gives them in any order."""
    wanted = list(names)
    given = [output.name for output in answer.outputs]
    if given == wanted or set(given) != set(wanted):
        return
    raw = dict(zip(given, answer.raw_output_contents, strict=True))
    answer.outputs.sort(key=lambda output: wanted.index(output.name))
    answer.raw_output_contents[:] = [raw[name] for name in wanted]


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


def _datatype(array: Array) -> str:
    if array.dtype.kind in "Ob":
        return {"O": "BYTES", "b": "BOOL"}[array.dtype.kind]
    stem = {"f": "FP", "i": "INT", "u": "UINT"}[array.dtype.kind]
    return f"{stem}{array.dtype.itemsize * 8}"
