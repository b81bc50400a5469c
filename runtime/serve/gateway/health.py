"""`grpc.health.v1.Health`: what clusters, proxies and clients of gRPC ask to know whether calls are welcome.

`Watch` isn't there: who asks for it is told so, and takes the server for healthy, as the protocol has it.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from sess.runtime.serve.gateway.refusal import Reason, Refusal

CHECK = "/grpc.health.v1.Health/Check"
PACKAGE = "grpc.health.v1"

_Field = descriptor_pb2.FieldDescriptorProto


class Status(IntEnum):
    """Whether a service takes calls, by the numbers of the protocol."""

    SERVING = 1
    NOT_SERVING = 2


def status_of(service: str, known: Collection[str], *, is_ready: bool) -> Status:
    """Return the status of a service, the empty name being the whole server; a Refusal if it isn't `known`.

    A server that is starting doesn't know its models yet: nothing is served then, whatever it is called.
    """
    if known and service and service not in known:
        raise Refusal(Reason.NOT_FOUND, f"there is no service `{service[:64]}`", "unknown service")
    return Status.SERVING if is_ready else Status.NOT_SERVING


def _messages() -> list[Any]:  # protobuf's messages have no types here
    """Return the classes of the request and its answer, in a pool of their own: another copy of them does no harm."""
    file = descriptor_pb2.FileDescriptorProto(name="health.proto", package=PACKAGE, syntax="proto3")
    request = file.message_type.add(name="HealthCheckRequest")
    request.field.add(name="service", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    response = file.message_type.add(name="HealthCheckResponse")
    # The protocol has an enum, which is this number on the wire.
    response.field.add(name="status", number=1, type=_Field.TYPE_INT32, label=_Field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    types = [pool.FindMessageTypeByName(f"{PACKAGE}.{each.name}") for each in (request, response)]
    return [message_factory.GetMessageClass(each) for each in types]


Request, Response = _messages()
