"""Garbage over gRPC: refused with the right code and the tensor's name, while the next request is answered."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from tritonclient.grpc import service_pb2 as messages

from tests.serving.gateway.conftest import Gateway
from tests.serving.gateway.requests import ITEMS, arrays, message

pytestmark = pytest.mark.triton

Message = Any  # protobuf's messages have no types here
NAMES = list(arrays())


def entry(found: Message, name: str) -> Message:
    """Return an input of a message."""
    return next(each for each in found.inputs if each.name == name)


def raw(name: str, content: bytes, shape: list[int] | None = None) -> Callable[[Message], None]:
    """Return a change of one input's bytes, and its shape."""

    def change(found: Message) -> None:
        found.raw_input_contents[NAMES.index(name)] = content
        if shape is not None:
            entry(found, name).shape[:] = shape

    return change


def shape(name: str, *sizes: int) -> Callable[[Message], None]:
    """Return a change of one input's shape alone."""

    def change(found: Message) -> None:
        entry(found, name).shape[:] = sizes

    return change


def field(name: str, **fields: Any) -> Callable[[Message], None]:
    """Return a change of one input's fields."""

    def change(found: Message) -> None:
        for key, value in fields.items():
            setattr(entry(found, name), key, value)

    return change


def without(name: str) -> Callable[[Message], None]:
    """Return the removal of an input with its bytes."""

    def change(found: Message) -> None:
        place = NAMES.index(name)
        del found.inputs[place]
        del found.raw_input_contents[place]

    return change


def added(name: str, datatype: str, content: bytes, *sizes: int) -> Callable[[Message], None]:
    """Return the addition of an input."""

    def change(found: Message) -> None:
        found.inputs.add(name=name, datatype=datatype, shape=sizes)
        found.raw_input_contents.append(content)

    return change


def ints(*values: int) -> bytes:
    """Return INT32 bytes."""
    return struct.pack(f"<{len(values)}i", *values)


def text(content: bytes) -> bytes:
    """Return a text as it travels."""
    return struct.pack("<I", len(content)) + content


def parameter(name: str, key: str) -> Callable[[Message], None]:
    """Return the addition of a parameter to an input, or to the request."""

    def change(found: Message) -> None:
        (entry(found, name) if name else found).parameters[key].string_param = "x"

    return change


def typed(name: str, field_name: str, values: list[Any]) -> Callable[[Message], None]:
    """Return a change of the whole message to typed contents, one input's with these values."""
    fields = {"INT64": "int64_contents", "INT32": "int_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents"}

    def change(found: Message) -> None:
        del found.raw_input_contents[:]
        for each, array in zip(found.inputs, arrays().values(), strict=True):
            getattr(each.contents, fields[each.datatype]).extend(array.tolist())
        contents = entry(found, name).contents
        contents.Clear()
        getattr(contents, field_name).extend(values)

    return change


def output(*names: str) -> Callable[[Message], None]:
    """Return a change of the wanted outputs."""

    def change(found: Message) -> None:
        for name in names:
            found.outputs.add(name=name)

    return change


CASES: dict[str, tuple[Callable[[Message], object], str]] = {
    "offsets are missing": (without("item_id__offsets"), "item_id__offsets"),
    "values are missing": (without("price__values"), "price__values"),
    "a context column is missing": (without("country"), "country"),
    "offsets decrease": (raw("item_id__offsets", ints(0, 3, 2, 3), [4]), "item_id__offsets"),
    "offsets are negative": (raw("item_id__offsets", ints(0, -1, 3)), "item_id__offsets"),
    "offsets begin behind 0": (raw("item_id__offsets", ints(1, 2, 3)), "item_id__offsets"),
    "offsets end too late": (raw("item_id__offsets", ints(0, 2, 9)), "item_id__offsets"),
    "offsets end too early": (raw("item_id__offsets", ints(0, 1, 2)), "item_id__offsets"),
    "offsets are empty": (raw("item_id__offsets", b"", [0]), "item_id__offsets"),
    "lists of a session differ": (raw("price__offsets", ints(0, 1, 3)), "price__offsets"),
    "a number is NaN": (raw("age", struct.pack("<2d", float("nan"), 1)), "age"),
    "a number is infinite": (raw("age", struct.pack("<2d", float("inf"), 1)), "age"),
    "rows disagree": (raw("age", struct.pack("<d", 1.0), [1]), "age"),
    "the bytes are too few": (raw("item_id__values", b"\0" * 16), "item_id__values"),
    "the bytes are too many": (raw("item_id__values", b"\0" * 32), "item_id__values"),
    "the bytes are odd": (raw("item_id__values", b"\0" * 23), "item_id__values"),
    "the shape is larger": (shape("item_id__values", 5), "item_id__values"),
    "the shape is smaller": (shape("item_id__values", 2), "item_id__values"),
    "the shape is negative": (shape("item_id__values", -1), "item_id__values"),
    "the rank is 2": (shape("item_id__values", 1, 3), "item_id__values"),
    "the rank is 0": (shape("item_id__values"), "item_id__values"),
    "the datatype is narrow": (field("item_id__values", datatype="INT32"), "item_id__values"),
    "the datatype is wide": (field("item_id__offsets", datatype="INT64"), "item_id__offsets"),
    "the datatype is none": (field("item_id__values", datatype="BOGUS"), "item_id__values"),
    "an input is unknown": (added("colour", "INT32", ints(1), 1), "colour"),
    "an input is given twice": (added("age", "FP64", struct.pack("<2d", 1, 2), 2), "age"),
    "raw contents are fewer": (lambda found: found.raw_input_contents.pop(), "raw contents"),
    "raw contents are more": (lambda found: found.raw_input_contents.append(b"x"), "raw contents"),
    "an input has both contents": (
        lambda found: entry(found, "age").contents.fp64_contents.extend([1.0, 2.0]), "age",
    ),
    "a text says 4 GiB": (raw("country", struct.pack("<I", 2**32 - 1) + b"de"), "country"),
    "a text says one byte more": (raw("country", struct.pack("<I", 3) + b"de" + text(b"nl")), "country"),
    "bytes stand behind the texts": (
        raw("country", (struct.pack("<I", 2) + b"de") * 2 + b"x"), "country",
    ),
    "a text is not UTF-8": (raw("country", text(b"\xff\xfe") + text(b"nl")), "country"),
    "a text is 5000 bytes": (raw("country", (struct.pack("<I", 5000) + b"x" * 5000) * 2), "country"),
    "typed values are fewer": (typed("item_id__values", "int64_contents", [1]), "item_id__values"),
    "typed values are in another field": (typed("item_id__values", "fp32_contents", [1, 2, 3]), "item_id__values"),
    "k is 0": (added("k", "INT32", ints(0), 1), "k"),
    "k is negative": (added("k", "INT32", ints(-1), 1), "k"),
    "k is more than top_k": (added("k", "INT32", ints(11), 1), "k"),
    "k is two": (added("k", "INT32", ints(1, 2), 2), "k"),
    "k has rank 2": (added("k", "INT32", ints(1), 1, 1), "k"),
    "allow is empty": (added("allow", "INT64", b"", 0), "allow"),
    "an output is unknown": (output("nothing"), "nothing"),
    "an output is asked for twice": (output("buy.score", "buy.score"), "buy.score"),
    "the id is long": (lambda found: setattr(found, "id", "x" * 257), "id"),
    "a classification is asked for": (
        lambda found: found.outputs.add(name="buy.score").parameters["classification"].MergeFrom(
            messages.InferParameter(int64_param=1)
        ),
        "buy.score",
    ),
    "a wanted output lies in shared memory": (
        lambda found: found.outputs.add(name="buy.score").parameters["shared_memory_region"].MergeFrom(
            messages.InferParameter(string_param="x")
        ),
        "buy.score",
    ),
    "an input lies in shared memory": (parameter("age", "shared_memory_region"), "age"),
    "the request is a sequence": (parameter("", "sequence_id"), "sequence_id"),
}  # fmt: skip


def is_alive(gateway: Gateway) -> bool:
    """Whether a good request is answered."""
    code, answer = gateway.infer(message())
    return code == "OK" and answer.outputs[0].shape[0] == 2


@pytest.mark.parametrize("case", CASES)
def test_a_broken_message_is_refused_and_named(case: str, gateway: Gateway) -> None:
    change, named = CASES[case]
    found = message()
    change(found)
    code, details = gateway.infer(found)
    assert (code, named in details) == ("INVALID_ARGUMENT", True), details
    assert is_alive(gateway)


@pytest.mark.parametrize("size", [2**20 + 1, 2**31, 2**33, 2**60 + 1, 2**61, 2**61 + 5, 2**62, 2**63 - 1])
def test_a_huge_shape_is_refused_before_anything_is_allocated(size: int, gateway: Gateway) -> None:
    found = message()
    entry(found, "item_id__values").shape[:] = [size]
    code, details = gateway.infer(found)
    assert (code, "item_id__values" in details) == ("RESOURCE_EXHAUSTED", True), details
    assert is_alive(gateway)


@pytest.mark.parametrize("content", [b"\xff\xff\xff\xff", b"\x0a", b"\x2a\xff\xff\xff\xff\x0f"])
def test_what_is_no_message_is_refused(content: bytes, gateway: Gateway) -> None:
    assert gateway.call("ModelInfer", content)[0] == "INVALID_ARGUMENT"
    assert is_alive(gateway)


@pytest.mark.parametrize("text", [b"age", b"FP64", b"shop"])
def test_a_text_that_is_not_utf8_is_refused(text: bytes, gateway: Gateway) -> None:
    code, details = gateway.call("ModelInfer", message().SerializeToString().replace(text, b"\xd6" * len(text), 1))
    assert (code, "UTF-8" in details) == ("INVALID_ARGUMENT", True), details
    assert is_alive(gateway)


def test_an_empty_message_names_no_model(gateway: Gateway) -> None:
    assert gateway.call("ModelInfer", b"")[0] == "NOT_FOUND"


def test_a_message_over_the_limit_is_refused(gateway: Gateway) -> None:
    found = message()
    raw("item_id__values", b"\0" * 17 * 1024 * 1024)(found)
    assert gateway.infer(found)[0] == "RESOURCE_EXHAUSTED"
    assert is_alive(gateway)


@pytest.mark.parametrize("name", ["nothing", "../shop", "", "shop__model", "shop__prepare", "shop\0"])
def test_an_unknown_model_is_not_found(name: str, gateway: Gateway) -> None:
    found = message()
    found.model_name = name
    assert gateway.infer(found)[0] == "NOT_FOUND"


def test_an_unknown_version_is_not_found(gateway: Gateway) -> None:
    found = message()
    found.model_version = "7"
    assert gateway.infer(found)[0] == "NOT_FOUND"


@pytest.mark.parametrize(
    "method",
    ["RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload", "ModelConfig", "ModelStatistics", "LogSettings",
     "SystemSharedMemoryRegister", "CudaSharedMemoryRegister", "TraceSetting", "ModelStreamInfer", "Nothing"],
)  # fmt: skip
def test_only_health_metadata_and_inference_are_there(method: str, gateway: Gateway) -> None:
    assert gateway.call(method, b"")[0] == "UNIMPLEMENTED"


def test_typed_contents_are_answered_as_raw_ones_are(gateway: Gateway) -> None:
    found = message()
    typed("item_id__values", "int64_contents", ITEMS)(found)
    assert gateway.infer(found)[1].raw_output_contents == gateway.infer(message())[1].raw_output_contents


def test_both_protocols_give_the_same_answers(gateway: Gateway) -> None:
    from sess.runtime.serve.gateway.wire import json_of
    from tests.serving.gateway.requests import document

    _, grpc_answer = gateway.infer(message())
    _, http_answer = gateway.post(document())
    by_name = {each["name"]: each for each in http_answer["outputs"]}
    assert [each.name for each in grpc_answer.outputs] == list(by_name)
    for found, content in zip(grpc_answer.outputs, grpc_answer.raw_output_contents, strict=True):
        assert by_name[found.name]["shape"] == list(found.shape)
        assert by_name[found.name]["data"] == json_of(found.datatype, found.shape, content)


def test_health_and_metadata_are_answered(gateway: Gateway) -> None:
    code, ready = gateway.call("ServerReady", b"")
    assert code == "OK"
    assert messages.ServerReadyResponse.FromString(ready).ready
    asked = messages.ModelMetadataRequest(name="shop.query").SerializeToString()
    code, found = gateway.call("ModelMetadata", asked)
    assert code == "OK"
    assert [each.name for each in messages.ModelMetadataResponse.FromString(found).outputs] == ["vector"]
