"""Clients that never stop asking: what they got, what they didn't, and the longest time between two answers."""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any

import grpc
from tritonclient.grpc import service_pb2 as messages

from tests.serving.gateway.conftest import SERVICE, Gateway
from tests.serving.gateway.requests import document, message

Answer = tuple[tuple[int, ...], ...]  # the ids of `click`, a row a session


@dataclass
class Load:
    """Threads that ask by both protocols until the context is left; `is_patient` asks again after a refusal."""

    gateway: Gateway
    http: int = 2
    grpc: int = 1
    answers: list[tuple[float, Answer]] = field(default_factory=list)
    failures: list[tuple[float, str]] = field(default_factory=list)
    refused_connections: int = 0

    def __enter__(self) -> Load:
        self._is_over = threading.Event()
        kinds = [self._ask_http] * self.http + [self._ask_grpc] * self.grpc
        self._threads = [threading.Thread(target=kind) for kind in kinds]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(90)

    @property
    def given(self) -> set[Answer]:
        """The different answers."""
        return {answer for _, answer in self.answers}

    def longest_gap(self, since: float) -> float:
        """Return the longest time without an answer after a moment."""
        times = sorted([since, *(at for at, _ in self.answers if at > since), time.monotonic()])
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def wait_for(self, count: int, within: float = 60) -> None:
        """Wait until so many more answers came."""
        wanted, ends = len(self.answers) + count, time.monotonic() + within
        while len(self.answers) < wanted:
            assert time.monotonic() < ends, f"{wanted - len(self.answers)} answers did not come: {self.failures[-3:]}"
            time.sleep(0.01)

    def _ask_http(self) -> None:
        body = json.dumps(document()).encode()
        connection: HTTPConnection | None = None
        while not self._is_over.is_set():
            try:
                if connection is None:
                    connection = HTTPConnection("127.0.0.1", self.gateway.http, timeout=60)
                    connection.connect()
            except ConnectionRefusedError:
                connection = None
                self.refused_connections += 1
                time.sleep(0.05)
                continue
            try:
                connection.request("POST", "/v2/models/shop/infer", body)
                found = connection.getresponse()
                said = found.read()
            except (OSError, HTTPException) as error:
                self._fail(f"{type(error).__name__}: {error}")
                connection.close()
                connection = None
                continue
            if found.status == 200:
                self._take(_ids_of(json.loads(said)))
            else:
                self._fail(f"{found.status} {said.decode()}")
            if found.will_close:
                connection.close()
                connection = None

    def _ask_grpc(self) -> None:
        raw = message().SerializeToString()
        with grpc.insecure_channel(f"127.0.0.1:{self.gateway.grpc}") as channel:
            call = channel.unary_unary(SERVICE + "ModelInfer")
            while not self._is_over.is_set():
                try:
                    answer = messages.ModelInferResponse.FromString(call(raw, timeout=60))
                except grpc.RpcError as error:
                    if "onnection refused" in error.details() or "GOAWAY" in error.details():
                        self.refused_connections += 1
                        time.sleep(0.05)
                    else:
                        self._fail(f"{error.code().name} {error.details()}")
                    continue
                self._take(_ids_of_message(answer))

    def _take(self, answer: Answer) -> None:
        self.answers.append((time.monotonic(), answer))

    def _fail(self, why: str) -> None:
        self.failures.append((time.monotonic(), why))
        time.sleep(0.02)


def _ids_of(said: dict[str, Any]) -> Answer:
    output = next(each for each in said["outputs"] if each["name"] == "click.ids")
    return _rows(output["data"], output["shape"][1])


def _ids_of_message(answer: Any) -> Answer:
    import numpy as np

    place = next(i for i, output in enumerate(answer.outputs) if output.name == "click.ids")
    ids = np.frombuffer(answer.raw_output_contents[place], "<i8")
    return _rows(ids.tolist(), answer.outputs[place].shape[1])


def _rows(ids: list[int], width: int) -> Answer:
    return tuple(tuple(ids[begin : begin + width]) for begin in range(0, len(ids), width))


def answer_of(gateway: Gateway) -> Answer:
    """Return what a server answers to the request of the load."""
    status, said = gateway.post(document())
    assert status == 200, said
    return _ids_of(said)
