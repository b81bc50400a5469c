"""One artifact on a Triton of its own: staged, verified, started, and asked its golden requests before it serves."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2 as messages

from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.artifact import MANIFEST, open_artifact
from sess.runtime.build.digest import of_file
from sess.runtime.export.names import VERSION, prepare_name
from sess.runtime.serve.client import Client
from sess.runtime.serve.gateway.contract import Contract, Limits, contract_of
from sess.runtime.serve.gateway.proto_body import request_of
from sess.runtime.serve.gateway.rpc import SERVICE
from sess.runtime.serve.golden import Golden, check_golden, read_golden
from sess.runtime.serve.installation import require_backend
from sess.runtime.serve.leftovers import owned_prefix
from sess.runtime.serve.room import make_room
from sess.runtime.serve.staging import stage
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.serve.triton import Ports, Triton, choose_port
from sess.runtime.steps.request import Reader
from sess.runtime.trust.check import check_servable

Message = Any  # protobuf's messages have no types here

HOST = "127.0.0.1"  # Triton listens on this machine alone
TIMED = 20  # requests by which the speed of a candidate is measured
CHANNEL = (
    ("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1), ("grpc.enable_retries", 0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Staged:
    """A verified private copy of an artifact, from which any number of Tritons can start."""

    folder: Path
    digest: str
    program: Program
    golden: Golden
    contract: Contract

    @classmethod
    def of(cls, artifact: Path, is_over: threading.Event, limits: Limits) -> Staged:
        """Return a copy of an artifact; Misused or RunFailed if it isn't one or isn't whole, or the server is over."""
        folder = Path(tempfile.mkdtemp(prefix=owned_prefix()))
        try:
            copy = stage(artifact.absolute(), folder / "artifact", is_over)
            opened = open_artifact(copy)
            check_servable(copy, opened.program)
            require_backend(opened.program.serving)
            make_room(copy, opened.program, limits)
            reader = Reader.load(copy / "triton" / prepare_name(opened.program.serving.name) / VERSION)
            reader.limits = replace(reader.limits, sessions=limits.sessions, values=limits.values)
            golden = read_golden(opened.program, copy)
            contract = contract_of(opened.program, reader)
            return cls(folder, of_file(copy / MANIFEST), opened.program, golden, contract)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @property
    def artifact(self) -> Path:
        """The copy itself."""
        return self.folder / "artifact"

    def remove(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Served:
    """A staged artifact with its running Triton."""

    def __init__(self, staged: Staged, triton: Triton) -> None:
        self.staged, self.triton = staged, triton
        self._channel = grpc.aio.insecure_channel(triton.grpc, options=CHANNEL)
        self._call = self._channel.unary_unary(
            f"{SERVICE}ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )
        self._probe = self._questions(1)[0]

    @property
    def contract(self) -> Contract:
        """What it takes and gives."""
        return self.staged.contract

    async def infer(self, message: Message, timeout: float | None) -> Message:
        """Return Triton's answer; grpc.aio.AioRpcError where it fails."""
        return await self._call(message, timeout=timeout)

    async def is_well(self, within: float) -> bool:
        """Return whether a golden session is answered, with numbers, within so many seconds."""
        if self.triton.is_over:
            return False
        try:
            answer = await self._call(self._probe, timeout=within)
        except grpc.aio.AioRpcError:
            return False
        return len(answer.outputs) > 0

    async def seconds(self) -> float:
        """Return the median time of one golden session."""
        taken = []
        for question in self._questions(TIMED):
            started = time.monotonic()
            await self._call(question, timeout=60)
            taken.append(time.monotonic() - started)
        return statistics.median(taken)

    async def stop(self) -> None:
        """End Triton."""
        await asyncio.to_thread(self.triton.stop)
        await self._channel.close()  # last, since it cancels what is under way

    async def kill(self) -> None:
        """End a Triton that doesn't answer, without waiting for what is under way."""
        self.triton.kill()
        await self.stop()

    def _questions(self, count: int) -> Sequence[Message]:
        """Return golden sessions, one a request; an empty one where there is none."""
        program = self.staged.program
        rows = list(self.staged.golden.rows)
        model = next(iter(self.staged.contract.models))
        chosen = [[rows[i % len(rows)]] if rows else [] for i in range(count)]
        return [request_of(model, "", tensors_of(each, program.serving.request), ()) for each in chosen]


def start(staged: Staged, is_over: threading.Event, *, relays: bool) -> Triton | None:
    """Start Triton on a staged artifact and ask its golden requests; None if nobody waits for it any more."""
    ports = Ports(choose_port(None, HOST), choose_port(None, HOST))
    triton = Triton(staged.artifact / "triton", HOST, ports, relays=relays)
    try:
        triton.wait_until_loaded(is_over)
        if not is_over.is_set():
            _check(staged, triton)
            return triton
    except BaseException:
        triton.kill()
        triton.stop()
        raise
    triton.kill()  # nothing is under way
    triton.stop()
    return None


def _check(staged: Staged, triton: Triton) -> None:
    """Raise RunFailed unless the golden requests are answered as the export did, in finite numbers."""
    for values in staged.golden.answers.values():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise RunFailed("the golden answers of the artifact hold numbers that are not finite", "compile it again")
    with Client(triton.grpc, is_grpc=True) as client:
        check_golden(client, staged.program, staged.golden)
    triton.check()
