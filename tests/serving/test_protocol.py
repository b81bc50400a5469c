"""The protocol that an artifact has for clients of other languages is the one that the gateway speaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from tritonclient.grpc import service_pb2

from sess.compiler.plans import Program
from sess.runtime.export.deploy import PROTOCOL, write_deployment

METHODS = {"ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer"}
SERVICE = "GRPCInferenceService"
KINDS = {number: name for name, number in vars(FieldDescriptor).items() if name.startswith("TYPE_")}
Fields = set[tuple[str, str, int]]  # type, name and number


@pytest.fixture
def protocol(program: Program, tmp_path: Path) -> str:
    """Return the file without its comments."""
    write_deployment(program, tmp_path / "deploy")
    return re.sub(r"//.*", "", (tmp_path / "deploy" / PROTOCOL).read_text())


def test_its_methods_are_those_that_are_served(protocol: str) -> None:
    methods = re.findall(r"rpc (\w+)\((\w+)\) returns \((\w+)\)", protocol)
    service = service_pb2.DESCRIPTOR.services_by_name[SERVICE].methods_by_name
    assert {name for name, *_ in methods} == METHODS
    assert methods == [(name, service[name].input_type.name, service[name].output_type.name) for name, *_ in methods]


def test_its_messages_are_those_of_triton(protocol: str) -> None:
    written = messages_of(protocol)
    triton = {each.name: each for each in service_pb2.DESCRIPTOR.message_types_by_name.values()}
    triton |= {inner.name: inner for each in list(triton.values()) for inner in each.nested_types}
    assert len(written) == 18
    assert written == {name: fields_of(triton[name]) for name in written}


def messages_of(protocol: str) -> dict[str, Fields]:
    """Return the fields of each message of a file; those of a `oneof` are its message's."""
    opened: list[str] = []
    found: dict[str, Fields] = {}
    for line in protocol.splitlines():
        if begun := re.fullmatch(r"\s*(message|oneof|service) (\w+) {(})?", line):
            if begun[1] == "message":
                found[begun[2]] = set()
            if not begun[3]:
                opened.append(opened[-1] if begun[1] == "oneof" else begun[2])
        elif line.strip() == "}":
            opened.pop()
        elif given := re.fullmatch(r"\s+((?:repeated )?\w+|map<.*>) (\w+) = (\d+);", line):
            found[opened[-1]].add((given[1], given[2], int(given[3])))
    return found


def fields_of(message: Descriptor) -> Fields:
    """Return the fields of a message as a file has them."""
    found: Fields = set()
    for field in message.fields:
        kind = (
            KINDS[field.type].removeprefix("TYPE_").lower() if field.message_type is None else field.message_type.name
        )
        is_map = kind == "ParametersEntry"
        kind = "map<string, InferParameter>" if is_map else f"repeated {kind}" if field.is_repeated else kind
        found.add((kind, field.name, field.number))
    return found
