"""A question for Triton and what it says: JSON before binary tensors (KServe v2, binary tensor data extension)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from sess.runtime.serve.gateway.contract import Array, Contract
from sess.runtime.serve.gateway.upstream import Reply
from sess.runtime.serve.gateway.wire import datatype_of, to_bytes
from sess.runtime.steps.packing import TENSOR, packed
from sess.runtime.steps.request import Asked

OK = 200


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor of an answer, as its bytes in little-endian order; texts with their length before them."""

    datatype: str
    shape: tuple[int, ...]
    content: bytes


def question_of(
    contract: Contract, model: str, tensors: Mapping[str, Array], asked: Asked, outputs: Iterable[str]
) -> bytes:
    """Return the HTTP request that asks for outputs of a model; `asked` is what the contract read in the tensors.

    Where the answering step reads what was prepared it gets that: nothing is prepared twice.
    """
    if contract.step is None:
        return _message(model, tensors, outputs)
    return _message(contract.step, {TENSOR: packed(asked)}, [_inner(contract, model, name) for name in outputs])


def outputs_of(contract: Contract, model: str, outputs: Iterable[str], reply: Reply) -> dict[str, Output]:
    """Return the outputs of a model in an answer; ValueError or LookupError if they aren't there."""
    found: dict[str, Output] = {}
    at = reply.split
    for said in json.loads(reply.body[: reply.split])["outputs"]:
        ends = at + said["parameters"]["binary_data_size"]
        found[said["name"]] = Output(said["datatype"], tuple(said["shape"]), reply.body[at:ends])
        at = ends
    if at != len(reply.body):
        raise ValueError("an answer is not as long as it says")
    return {name: found[_inner(contract, model, name)] for name in outputs}


def reason_of(reply: Reply) -> str:
    """Return why Triton refused a question; empty if it doesn't say."""
    try:
        said = json.loads(reply.body)
        return str(said["error"])
    except (ValueError, LookupError, TypeError):
        return ""


def _inner(contract: Contract, model: str, output: str) -> str:
    """Return what the asked model calls an output; the step has the vectors of all encoders, by their names."""
    _, _, encoder = model.partition(".")
    return f"{encoder}.{output}" if encoder and contract.step is not None else output


def _message(model: str, tensors: Mapping[str, Array], outputs: Iterable[str]) -> bytes:
    contents = [to_bytes(array) for array in tensors.values()]
    inputs = ",".join(
        f'{{"name":{_quoted(name)},"datatype":"{datatype_of(array)}","shape":{list(array.shape)},'
        f'"parameters":{{"binary_data_size":{len(content)}}}}}'
        for (name, array), content in zip(tensors.items(), contents, strict=True)
    )
    wanted = ",".join(f'{{"name":{_quoted(name)},"parameters":{{"binary_data":true}}}}' for name in outputs)
    text = f'{{"inputs":[{inputs}],"outputs":[{wanted}]}}'
    size = len(text) + sum(map(len, contents))
    head = (
        f"POST /v2/models/{model}/infer HTTP/1.1\r\nHost: triton\r\nContent-Length: {size}\r\n"
        f"Inference-Header-Content-Length: {len(text)}\r\n\r\n"
    )
    return b"".join([head.encode(), text.encode(), *contents])


@cache
def _quoted(name: str) -> str:
    """Return a tensor's name as JSON in ASCII; only names of a contract come here."""
    return json.dumps(name)
