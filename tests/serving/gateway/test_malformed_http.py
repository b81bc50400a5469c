"""Garbage over HTTP: refused with the right status and the tensor's name, while the next request is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.serving.gateway.conftest import Gateway
from tests.serving.gateway.requests import ITEMS, binary, document, entry

pytestmark = pytest.mark.triton

Document = dict[str, Any]


def changed(name: str, **fields: object) -> Callable[[Document], None]:
    """Return a change of one input's fields."""
    return lambda said: entry(said, name).update(fields)


def values(name: str, *data: object) -> Callable[[Document], None]:
    """Return a change of one input's values, its shape with them."""
    return lambda said: entry(said, name).update(data=list(data), shape=[len(data)])


def without(name: str) -> Callable[[Document], None]:
    """Return the removal of an input."""
    return lambda said: said["inputs"].remove(entry(said, name))


def added(**fields: object) -> Callable[[Document], None]:
    """Return the addition of an input."""
    return lambda said: said["inputs"].append(fields)


def k(value: object, shape: list[int] | None = None, datatype: str = "INT32") -> Callable[[Document], None]:
    """Return the addition of `k`."""
    return added(name="k", datatype=datatype, shape=shape or [1], data=[value])


def keyed(**fields: object) -> Callable[[Document], None]:
    """Return a change of the request's own fields."""
    return lambda said: said.update(fields)


# What is done to a good document, and what the answer must name.
DOCUMENTS: dict[str, tuple[Callable[[Document], object], str]] = {
    "offsets are missing": (without("item_id__offsets"), "item_id__offsets"),
    "values are missing": (without("price__values"), "price__values"),
    "a context column is missing": (without("age"), "age"),
    "there are no inputs": (keyed(inputs=[]), "item_id__values"),
    "inputs is absent": (lambda said: said.pop("inputs"), "inputs"),
    "inputs is no list": (keyed(inputs={"a": 1}), "inputs"),
    "an input is no object": (keyed(inputs=[3]), "name"),
    "an input has no name": (keyed(inputs=[{"shape": [1]}]), "name"),
    "offsets decrease": (values("item_id__offsets", 0, 3, 2, 3), "item_id__offsets"),
    "offsets end too late": (values("item_id__offsets", 0, 2, 9), "item_id__offsets"),
    "offsets end too early": (values("item_id__offsets", 0, 1, 2), "item_id__offsets"),
    "offsets begin behind 0": (values("item_id__offsets", 1, 2, 3), "item_id__offsets"),
    "offsets are negative": (values("item_id__offsets", 0, -1, 3), "item_id__offsets"),
    "offsets are empty": (values("item_id__offsets"), "item_id__offsets"),
    "lists of a session differ": (values("price__offsets", 0, 1, 3), "price__offsets"),
    "batches of columns differ": (values("price__offsets", 0, 3), "price__offsets"),
    "lengths of columns differ": (values("price__values", 1.0, 2.0), "price__offsets"),
    "rows disagree": (values("age", 1.0), "age"),
    "an id is 2^63": (values("item_id__values", 2**63, 1, 2), "item_id__values"),
    "an id is a fraction": (values("item_id__values", 1.5, 1, 2), "item_id__values"),
    "an id is a text": (values("item_id__values", "x", 1, 2), "item_id__values"),
    "an id is null": (values("item_id__values", None, 1, 2), "item_id__values"),
    "an id is true": (values("item_id__values", True, 1, 2), "item_id__values"),
    "an id is a list": (values("item_id__values", [1], 1, 2), "item_id__values"),
    "a number is NaN": (values("age", float("nan"), 1.0), "age"),
    "a number is infinite": (values("price__values", float("inf"), 1.0, 2.0), "price__values"),
    "a number is more than the model's floats hold": (values("age", 1e300, 1.0), "age"),
    "a number is a text": (values("age", "30", 1.0), "age"),
    "a text is a number": (values("country", 1, 2), "country"),
    "a text is half a surrogate": (values("country", "\ud800", "de"), "country"),
    "a text is 5000 bytes": (values("country", "x" * 5000, "de"), "country"),
    "the dtype is too narrow": (changed("item_id__values", datatype="INT32"), "item_id__values"),
    "the dtype is too wide": (changed("item_id__offsets", datatype="INT64"), "item_id__offsets"),
    "the dtype is none": (changed("item_id__values", datatype="BOGUS"), "item_id__values"),
    "the dtype is a number": (changed("item_id__values", datatype=3), "item_id__values"),
    "the dtype is absent": (lambda said: entry(said, "age").pop("datatype"), "age"),
    "the rank is 2": (changed("item_id__values", shape=[1, 3]), "item_id__values"),
    "the rank is 0": (changed("item_id__values", shape=[]), "item_id__values"),
    "the shape is larger than the data": (changed("item_id__values", shape=[5]), "item_id__values"),
    "the shape is smaller than the data": (changed("item_id__values", shape=[2]), "item_id__values"),
    "the shape is negative": (changed("item_id__values", shape=[-1]), "item_id__values"),
    "the shape is a fraction": (changed("item_id__values", shape=[3.0]), "item_id__values"),
    "the shape is a text": (changed("item_id__values", shape="3"), "item_id__values"),
    "the shape is absent": (lambda said: entry(said, "age").pop("shape"), "age"),
    "the data is absent": (lambda said: entry(said, "age").pop("data"), "age"),
    "the data is no list": (changed("age", data=3), "age"),
    "an input is unknown": (added(name="colour", datatype="INT32", shape=[1], data=[1]), "colour"),
    "an input is given twice": (added(name="age", datatype="FP64", shape=[2], data=[1.0, 2.0]), "age"),
    "parameters are no object": (changed("age", parameters=[1]), "age"),
    "an input lies in shared memory": (changed("age", parameters={"shared_memory_region": "x"}), "age"),
    "an output is unknown": (keyed(outputs=[{"name": "nothing"}]), "nothing"),
    "an output is asked for twice": (keyed(outputs=[{"name": "buy.score"}] * 2), "buy.score"),
    "outputs are no list": (keyed(outputs={"name": "buy.score"}), "outputs"),
    "a classification is asked for": (
        keyed(outputs=[{"name": "buy.score", "parameters": {"classification": 1}}]), "buy.score",
    ),
    "an output is binary, or not": (
        keyed(outputs=[{"name": "buy.score", "parameters": {"binary_data": "yes"}}]), "binary_data",
    ),
    "the answer is binary, or not": (keyed(parameters={"binary_data_output": 1}), "binary_data_output"),
    "the request is a sequence": (keyed(parameters={"sequence_id": 7}), "sequence_id"),
    "the id is a number": (keyed(id=7), "id"),
    "the id is half a surrogate pair": (keyed(id="\ud800"), "id"),
    "k is 0": (k(0), "k"),
    "k is negative": (k(-1), "k"),
    "k is more than top_k": (k(11), "k"),
    "k is 2^31 - 1": (k(2**31 - 1), "k"),
    "k is 2^31": (k(2**31), "k"),
    "an offset is right but for 2^32": (values("item_id__offsets", 0, 2**32 + 2, 3), "item_id__offsets"),
    "a number has 400 digits": (values("age", 10**400, 1), "age"),
    "k has another dtype": (k(1, datatype="INT64"), "k"),
    "k is of another shape": (added(name="k", datatype="INT32", shape=[1, 1], data=[1]), "k"),
    "deny is a text": (added(name="deny", datatype="INT64", shape=[1], data=["x"]), "deny"),
    "a size has 4000 digits": (changed("age", shape=[-int("9" * 4000)]), "age"),
    "allow is empty": (added(name="allow", datatype="INT64", shape=[0], data=[]), "allow"),
}  # fmt: skip

TOO_LARGE = [2**20 + 1, 2**28, 2**31, 2**33, 2**60 + 1, 2**61, 2**62, 2**64, 10**30]

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half a document": json.dumps(document()).encode()[:-20],
    "a list": b"[]",
    "a number": b"7",
    "bytes": b"\x00\xff\xfe" * 20,
    "100,000 brackets": b"[" * 100_000,
    "100,000 nested inputs": b'{"inputs":' * 50_000,
    "a number of 100,000 digits": b'{"inputs":[{"name":"age","datatype":"FP64","shape":[1],"data":['
    + b"9" * 100_000
    + b"]}]}",
}


def is_alive(gateway: Gateway) -> bool:
    """Whether a good request is answered, and the server says that it is ready."""
    status, answer = gateway.post(document())
    ready, _ = gateway.send("GET", "/v2/health/ready", None, {})
    return (status, ready) == (200, 200) and answer["outputs"][0]["shape"][0] == 2


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_broken_document_is_refused_and_named(case: str, gateway: Gateway) -> None:
    change, named = DOCUMENTS[case]
    said = document()
    change(said)
    status, answer = gateway.post(said)
    assert (status, named in answer["error"]) == (400, True), answer
    assert is_alive(gateway)


@pytest.mark.parametrize("size", TOO_LARGE)
def test_a_huge_shape_is_refused_before_anything_is_allocated(size: int, gateway: Gateway) -> None:
    said = document()
    entry(said, "item_id__values")["shape"] = [size]
    status, answer = gateway.post(said)
    assert (status, "item_id__values" in answer["error"]) == (413, True), answer
    assert is_alive(gateway)


@pytest.mark.parametrize("case", BODIES)
def test_what_is_no_document_is_refused(case: str, gateway: Gateway) -> None:
    status, answer = gateway.post(BODIES[case])
    assert status == 400
    assert "error" in answer
    assert is_alive(gateway)


@pytest.mark.parametrize(
    ("size", "length"),
    [
        (0, None), (7, None), (2**40, None), (-1, None), ("24", None), (None, "99999999"), (None, "-1"),
        (None, "abc"), (None, "1e3"), (None, "٣"), (None, "0"),
    ],
)  # fmt: skip
def test_wrong_sizes_of_binary_tensors_are_refused(size: object, length: str | None, gateway: Gateway) -> None:
    body, right = binary(sizes={} if size is None else {"item_id__values": size})
    header = (length or right).encode().decode("latin-1")
    status, _ = gateway.post(body, Inference_Header_Content_Length=header)
    assert status == 400
    assert is_alive(gateway)


def test_binary_tensors_are_answered_as_json_is(gateway: Gateway) -> None:
    body, length = binary()
    assert gateway.post(body, Inference_Header_Content_Length=length) == gateway.post(document())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Encoding": "br"}, 415), ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Length": "17000000"}, 413), ({"Content-Length": "999999999999"}, 413),
        ({"Content-Length": "abc"}, 400), ({"Content-Length": "-5"}, 400),
    ],
)  # fmt: skip
def test_bodies_that_are_not_read_are_refused_by_their_headers(
    headers: dict[str, str], status: int, gateway: Gateway
) -> None:
    found, _ = gateway.send("POST", "/v2/models/shop/infer", json.dumps(document()).encode(), headers)
    assert found == status
    assert is_alive(gateway)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/models/nothing/infer", 404), ("POST", "/v2/models/shop/versions/7/infer", 404),
        ("POST", "/v2/models/../shop/infer", 404), ("POST", "/v2/models/%2e%2e/infer", 404),
        ("POST", "/v2/models//infer", 404), ("POST", "/v2/models/shop__prepare/infer", 404),
        ("POST", "/v2/models/shop__model/infer", 404), ("POST", "/v2/repository/index", 404),
        ("POST", "/v2/repository/models/shop/load", 404), ("POST", "/v2/repository/models/shop/unload", 404),
        ("GET", "/v2/systemsharedmemory/status", 404), ("POST", "/v2/systemsharedmemory/region/x/register", 404),
        ("GET", "/v2/cudasharedmemory/status", 404), ("POST", "/v2/logging", 404), ("POST", "/v2/trace/setting", 404),
        ("GET", "/v2/models/shop/config", 404), ("GET", "/v2/models/shop/stats", 404), ("GET", "/", 404),
        ("GET", "/metrics", 404), ("GET", "/v2/models/shop/infer", 405), ("DELETE", "/v2/models/shop", 405),
        ("PUT", "/v2/health/ready", 405), ("GET", "/v2/models/" + "x" * 4000, 404), ("GET", "/v2/models/%00", 404),
    ],
)  # fmt: skip
def test_only_health_metadata_and_inference_are_there(method: str, path: str, status: int, gateway: Gateway) -> None:
    body = json.dumps(document()).encode() if method in ("POST", "PUT") else None
    found, answer = gateway.send(method, path, body, {})
    assert found == status, answer
    assert is_alive(gateway)


def test_metadata_names_what_is_asked_and_nothing_of_the_machine(gateway: Gateway) -> None:
    status, found = gateway.send("GET", "/v2/models/shop", None, {})
    assert status == 200
    assert [each["name"] for each in found["inputs"]][:2] == ["item_id__values", "item_id__offsets"]
    assert [each["name"] for each in found["outputs"]] == [
        "click.ids", "click.scores", "kind.ids", "kind.scores", "buy.score",
    ]  # fmt: skip
    assert gateway.send("GET", "/v2", None, {})[1]["name"] == "sess"


def test_a_request_of_no_sessions_gets_no_rows(gateway: Gateway) -> None:
    said = document()
    for each in said["inputs"]:
        each.update({"data": [0], "shape": [1]} if each["name"].endswith("offsets") else {"data": [], "shape": [0]})
    status, answer = gateway.post(said)
    assert status == 200
    assert all(output["shape"][0] == 0 for output in answer["outputs"])


def test_nothing_of_the_machine_is_in_any_error(gateway: Gateway) -> None:
    for body in (b"{", json.dumps({"inputs": [{"name": "/etc/passwd", "datatype": "x", "shape": [1]}]}).encode()):
        _, answer = gateway.post(body)
        for word in ("Traceback", ".py", "triton_python_backend_shm", "At:", "/tmp"):
            assert word not in answer["error"]


def test_unknown_and_extreme_ids_are_data(gateway: Gateway) -> None:
    said = document()
    entry(said, "item_id__values")["data"] = [-1, 2**63 - 1, ITEMS[0]]
    entry(said, "category__values")["data"] = ["no such\0category", "𝕏" * 100, ""]
    status, _ = gateway.post(said)
    assert status == 200
