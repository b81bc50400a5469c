"""Mutations of good requests that know their structure: names, types, shapes, values, and bytes of the whole."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.serving.gateway.requests import arrays, document, message

Message = Any  # protobuf's messages have no types here

NAMES = (*arrays(), "k", "allow", "deny", "nothing", "", "x" * 5000, "age\0", "__offsets")
TYPES = ("INT64", "INT32", "INT8", "UINT64", "BOOL", "FP16", "FP32", "FP64", "BYTES", "TEXT", "", "int64")
SIZES = (0, 1, 2, 3, 4, 7, 5000, 2**20 + 1, 2**31 - 1, 2**31, 2**33, 2**61, 2**61 + 5, 2**63 - 1, -1, -(2**63))
VALUES: tuple[Any, ...] = (
    0, 1, -1, 2, 10, 11, 2**31, 2**63 - 1, -(2**63), 2**64, 10**30, 1.5, 1e39, -1e308, float("nan"), float("inf"), "",
    "x", "\0", "tea", "é" * 3000, "\ud800", None, True, [], [1], {}, {"a": 1}, 5_000_000_017,
)  # fmt: skip
KEYS = ("name", "datatype", "shape", "data", "parameters")


def mutated_body(draw: random.Random) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a request over HTTP, one to four changes away from a good one."""
    said: Any = document()
    for _ in range(draw.randint(1, 4)):
        draw.choice(BODY_CHANGES)(said, draw)
    raw = json.dumps(said).encode("utf-8", "surrogatepass")
    headers = {}
    if draw.random() < 0.15:
        raw = _damaged(raw, draw)
    if draw.random() < 0.1:
        headers["Inference-Header-Content-Length"] = str(draw.choice((0, len(raw), len(raw) // 2, -1, 2**40, "x")))
    return raw, headers


def mutated_message(draw: random.Random) -> bytes:
    """Return the bytes of a request over gRPC, one to four changes away from a good one."""
    found = message()
    for _ in range(draw.randint(1, 4)):
        draw.choice(MESSAGE_CHANGES)(found, draw)
    raw: bytes = found.SerializeToString()
    return _damaged(raw, draw) if draw.random() < 0.15 else raw


def _damaged(raw: bytes, draw: random.Random) -> bytes:
    """Return bytes with some flipped, cut, doubled or put in."""
    content = bytearray(raw)
    for _ in range(draw.randint(1, 5)):
        place = draw.randrange(len(content) + 1)
        match draw.randrange(4):
            case 0 if place < len(content):
                content[place] ^= 1 << draw.randrange(8)
            case 1:
                del content[place : place + draw.randrange(40)]
            case 2:
                content[place:place] = draw.randbytes(draw.randrange(12))
            case _:
                content[place:place] = content[place : place + draw.randrange(60)]
    return bytes(content)


def _entry(said: Any, draw: random.Random) -> dict[str, Any]:
    inputs = said.get("inputs")
    entries = [each for each in inputs if isinstance(each, dict)] if isinstance(inputs, list) else []
    return draw.choice(entries) if entries else {}


def _set_key(said: Any, draw: random.Random) -> None:
    _entry(said, draw)[draw.choice(KEYS)] = copy.deepcopy(draw.choice((*VALUES, *NAMES, *TYPES)))


def _drop_key(said: Any, draw: random.Random) -> None:
    _entry(said, draw).pop(draw.choice(KEYS), None)


def _set_type(said: Any, draw: random.Random) -> None:
    _entry(said, draw)["datatype"] = draw.choice(TYPES)


def _set_shape(said: Any, draw: random.Random) -> None:
    _entry(said, draw)["shape"] = [draw.choice(SIZES) for _ in range(draw.choice((0, 1, 1, 1, 2, 9)))]


def _set_value(said: Any, draw: random.Random) -> None:
    data = _entry(said, draw).get("data")
    if isinstance(data, list) and data:
        data[draw.randrange(len(data))] = copy.deepcopy(draw.choice(VALUES))


def _set_length(said: Any, draw: random.Random) -> None:
    """Change how many values an input holds, with or without its shape."""
    entry = _entry(said, draw)
    data = entry.get("data")
    if isinstance(data, list):
        entry["data"] = (data * 3)[: draw.randrange(2 * len(data) + 1)]
        if draw.random() < 0.5:
            entry["shape"] = [len(entry["data"])]


def _add_input(said: Any, draw: random.Random) -> None:
    inputs = said.get("inputs")
    if isinstance(inputs, list):
        values = [copy.deepcopy(draw.choice(VALUES)) for _ in range(draw.randrange(3))]
        name, kind = draw.choice(NAMES), draw.choice(TYPES)
        inputs.append({"name": name, "datatype": kind, "shape": [len(values)], "data": values})


def _drop_input(said: Any, draw: random.Random) -> None:
    inputs = said.get("inputs")
    if isinstance(inputs, list) and inputs:
        del inputs[draw.randrange(len(inputs))]


def _set_top(said: Any, draw: random.Random) -> None:
    key = draw.choice(("inputs", "outputs", "id", "parameters"))
    named = [
        {
            "name": draw.choice(("click.ids", "buy.score", "nothing")),
            "parameters": draw.choice(({}, {"binary_data": 1})),
        }
    ]
    said[key] = copy.deepcopy(draw.choice((*VALUES, named)))


BODY_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _set_key, _drop_key, _set_type, _set_shape, _set_value, _set_value, _set_value, _set_length, _add_input,
    _drop_input, _set_top,
)  # fmt: skip


def _field(found: Message, draw: random.Random) -> None:
    if found.inputs:
        entry = draw.choice(found.inputs)
        match draw.randrange(3):
            case 0:
                entry.name = draw.choice(NAMES)
            case 1:
                entry.datatype = draw.choice(TYPES)
            case _:
                entry.shape[:] = [draw.choice(SIZES) for _ in range(draw.choice((0, 1, 1, 1, 2, 9)))]


def _raw(found: Message, draw: random.Random) -> None:
    contents = found.raw_input_contents
    if contents:
        place = draw.randrange(len(contents))
        contents[place] = _damaged(contents[place], draw) if draw.random() < 0.7 else draw.randbytes(draw.randrange(64))


def _whole_number(found: Message, draw: random.Random) -> None:
    """Put an unlikely number into an input, its size unchanged: offsets that fall, ids that are none."""
    contents = found.raw_input_contents
    if contents:
        place = draw.randrange(len(contents))
        content = bytearray(contents[place])
        number = np.array([draw.choice((0, 1, 2, 5, -1, 2**31 - 1, -(2**31)))], np.int32).tobytes()
        at = 4 * draw.randrange(len(content) // 4 + 1)
        content[at : at + 4] = number[: len(content) - at]
        contents[place] = bytes(content)


def _inputs(found: Message, draw: random.Random) -> None:
    match draw.randrange(4):
        case 0:
            added = found.inputs.add(name=draw.choice(NAMES), datatype=draw.choice(TYPES), shape=[draw.choice(SIZES)])
            added.contents.int_contents.extend([1, 2])
        case 1:
            found.raw_input_contents.append(draw.randbytes(draw.randrange(16)))
        case 2 if found.inputs:
            del found.inputs[draw.randrange(len(found.inputs))]
        case _ if found.raw_input_contents:
            del found.raw_input_contents[draw.randrange(len(found.raw_input_contents))]


def _rest(found: Message, draw: random.Random) -> None:
    match draw.randrange(4):
        case 0:
            found.outputs.add(name=draw.choice(("click.ids", "nothing", "")))
        case 1:
            found.model_version = draw.choice(("", "1", "2", "x", "-1"))
        case 2:
            found.id = draw.choice(("", "a", "x" * 5000))
        case _:
            found.parameters[
                draw.choice(("shared_memory_region", "sequence_id", "priority", "timeout"))
            ].int64_param = draw.choice((-7, 0, 7_000_000, 2**62))  # a `timeout` is no deadline that ends too soon


MESSAGE_CHANGES: tuple[Callable[[Message, random.Random], None], ...] = (
    _field, _field, _raw, _raw, _whole_number, _whole_number, _inputs, _rest,
)  # fmt: skip
