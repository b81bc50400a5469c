"""An inference request over HTTP: JSON, alone or before binary tensors (KServe v2, binary tensor data extension)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sess.runtime.serve.gateway.contract import LONGEST_ID, Array, Contract, Limits
from sess.runtime.serve.gateway.parameters import TIMEOUT, refuse_unserved, seconds_of
from sess.runtime.serve.gateway.refusal import invalid
from sess.runtime.serve.gateway.wire import count_of, from_bytes, from_json, shaped

BINARY_SIZE, BINARY, ALL_BINARY = "binary_data_size", "binary_data", "binary_data_output"


@dataclass(frozen=True, slots=True)
class Inference:
    """A request that can be read: its tensors, the outputs that it wants, each binary or not, and its seconds."""

    id: str
    tensors: Mapping[str, Array]
    outputs: Mapping[str, bool]
    within: float | None


def read_body(body: bytes, header_length: str | None, model: str, contract: Contract, limits: Limits) -> Inference:
    """Return the request of a body; `header_length` is what the header `Inference-Header-Content-Length` says."""
    split = _split(header_length, len(body))
    said = _json(body[:split])
    raw = memoryview(body)[split:]
    inputs = said.get("inputs")
    if not isinstance(inputs, list):
        raise invalid("the request has no list `inputs`", "no inputs")
    tensors: dict[str, Array] = {}
    at = 0
    for entry in inputs:
        name, datatype, parameters = _entry(entry, "input")
        if name in tensors:
            raise invalid(f"`{name}` is given twice", "duplicate input")
        tensor = contract.input(name, datatype)
        count = count_of(tensor, _list(entry.get("shape"), f"`{name}` has no `shape`"), limits)
        if BINARY_SIZE in parameters:
            size = parameters[BINARY_SIZE]
            if type(size) is not int or not 0 <= size <= len(raw) - at:
                raise invalid(f"`{name}` says a binary size that the body doesn't have", "bad binary size")
            if "data" in entry:
                raise invalid(f"`{name}` has both `data` and binary data", "bad data")
            tensors[name] = shaped(tensor, from_bytes(tensor, raw[at : at + size], count))
            at += size
        else:
            tensors[name] = shaped(tensor, from_json(tensor, entry.get("data"), count))
    if at != len(raw):
        raise invalid(f"the body has {len(raw) - at:,} bytes that belong to no input", "bad binary size")
    parameters = said.get("parameters", {})
    if not isinstance(parameters, dict):
        raise invalid("`parameters` must be an object", "bad JSON")
    refuse_unserved(parameters, "the request")
    outputs = _outputs(said, parameters, model, contract)
    return Inference(_id(said), tensors, outputs, seconds_of(parameters.get(TIMEOUT, 0)))


def _split(header_length: str | None, size: int) -> int:
    if header_length is None:
        return size
    if not header_length.isascii() or not header_length.isdigit() or int(header_length[:12]) > size:
        message = f"`Inference-Header-Content-Length` is `{header_length[:16]}`, the body has {size:,} bytes"
        raise invalid(message, "bad header length")
    return int(header_length)


def _json(text: bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid("the body is not JSON", "bad JSON") from None
    if not isinstance(said, dict):
        raise invalid("the body is not a JSON object", "bad JSON")
    return said


def _entry(entry: object, what: str) -> tuple[str, str, dict[str, Any]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise invalid(f"an {what} has no `name`", "bad JSON")
    name, datatype, parameters = entry["name"], entry.get("datatype", ""), entry.get("parameters", {})
    if not isinstance(datatype, str) or not isinstance(parameters, dict):
        raise invalid(f"`{name[:64]}` has a bad `datatype` or `parameters`", "bad JSON")
    refuse_unserved(parameters, f"`{name[:64]}`")
    return name, datatype, parameters


def _list(value: object, message: str) -> list[object]:
    if not isinstance(value, list):
        raise invalid(message, "bad shape")
    return value


def _id(said: Mapping[str, Any]) -> str:
    value = said.get("id", "")
    # Half of a surrogate pair is valid JSON and no text.
    if not isinstance(value, str) or len(value) > LONGEST_ID or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise invalid(f"`id` must be a text of at most {LONGEST_ID} characters", "bad JSON")
    return value


def _outputs(said: Mapping[str, Any], parameters: Mapping[str, Any], model: str, contract: Contract) -> dict[str, bool]:
    everything = _flag(parameters, ALL_BINARY, "the request", default=False)
    wanted = said.get("outputs")
    if wanted is None or wanted == []:
        return {output.name: everything for output in contract.models[model]}
    found: dict[str, bool] = {}
    for entry in _list(wanted, "`outputs` is no list"):
        name, _, own = _entry(entry, "output")
        if name in found:
            raise invalid(f"`{name[:64]}` is asked for twice", "duplicate output")
        found[name] = _flag(own, BINARY, f"`{name[:64]}`", default=everything)
    contract.check_outputs(model, found)
    return found


def _flag(parameters: Mapping[str, Any], key: str, owner: str, *, default: bool) -> bool:
    value = parameters.get(key, default)
    if type(value) is not bool:
        raise invalid(f"{owner} has the parameter `{key}`, which is true or false", "bad parameter")
    return value
