"""Good requests of the small shop, for tests that break them: as JSON, with binary tensors, and as a message."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from tritonclient.grpc import service_pb2 as messages

from sess.runtime.serve.gateway.wire import to_bytes

ITEMS = [5_000_000_000, 5_000_000_017, 5_000_000_034]


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    """Return the tensors of two sessions: two steps, and one."""
    return {
        "item_id__values": np.array(ITEMS, np.int64),
        "item_id__offsets": np.array([0, 2, 3], np.int32),
        "category__values": np.array([b"tea", b"", b"tea"], object),
        "category__offsets": np.array([0, 2, 3], np.int32),
        "price__values": np.array([1.0, 2.5, 4.0]),
        "price__offsets": np.array([0, 2, 3], np.int32),
        "age": np.array([30.0, 41.0]),
        "country": np.array([b"de", b"nl"], object),
    }


def datatype(array: np.ndarray[Any, Any]) -> str:
    """Return the protocol's name of a dtype."""
    return {"O": "BYTES", "i": f"INT{array.dtype.itemsize * 8}", "f": "FP64"}[array.dtype.kind]


def document() -> dict[str, Any]:
    """Return the request as JSON has it."""
    return {
        "id": "a",
        "inputs": [
            {
                "name": name,
                "datatype": datatype(array),
                "shape": list(array.shape),
                "data": [value.decode() if isinstance(value, bytes) else value for value in array.tolist()],
            }
            for name, array in arrays().items()
        ],
    }


def entry(said: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an input of a document."""
    found: dict[str, Any] = next(each for each in said["inputs"] if each["name"] == name)
    return found


def binary(said: dict[str, Any] | None = None, sizes: dict[str, object] | None = None) -> tuple[bytes, str]:
    """Return a body with all tensors as bytes behind the JSON, and the length of the JSON."""
    said = said or document()
    found = arrays()
    content = b""
    for each in said["inputs"]:
        raw = to_bytes(found[each["name"]])
        each.pop("data", None)
        each["parameters"] = {"binary_data_size": (sizes or {}).get(each["name"], len(raw))}
        content += raw
    text = json.dumps(said).encode()
    return text + content, str(len(text))


def message() -> Any:
    """Return the request as gRPC has it, with raw contents."""
    found = messages.ModelInferRequest(model_name="shop", id="a")
    for name, array in arrays().items():
        found.inputs.add(name=name, datatype=datatype(array), shape=array.shape)
        found.raw_input_contents.append(to_bytes(array))
    return found
