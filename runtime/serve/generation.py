"""One artifact on a Triton of its own: staged, verified, started, and asked its golden requests before it serves."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.artifact import MANIFEST, open_artifact
from sess.runtime.build.digest import of_file
from sess.runtime.export.names import VERSION, prepare_name
from sess.runtime.serve.gateway.contract import Array, Contract, Limits, contract_of
from sess.runtime.serve.gateway.question import OK, outputs_of, question_of, reason_of
from sess.runtime.serve.gateway.refusal import Refusal
from sess.runtime.serve.gateway.upstream import Reply, Upstream
from sess.runtime.serve.gateway.wire import array_of
from sess.runtime.serve.golden import Golden, check_golden, read_golden
from sess.runtime.serve.installation import require_backend
from sess.runtime.serve.leftovers import owned_prefix
from sess.runtime.serve.room import make_room
from sess.runtime.serve.staging import stage
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.serve.triton import Ports, Triton, choose_port
from sess.runtime.steps.request import Reader
from sess.runtime.trust.check import check_servable

HOST = "127.0.0.1"  # Triton listens on this machine alone
GOLDEN_WITHIN = 60.0  # seconds
TIMED = 20  # requests by which the speed of a candidate is measured


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
        self._upstream = Upstream(HOST, triton.ports.http)
        self._probe = self._questions(1)[0]

    @property
    def contract(self) -> Contract:
        """What it takes and gives."""
        return self.staged.contract

    async def ask(self, question: bytes, within: float) -> Reply:
        """Return Triton's answer; ConnectionError if it has none, TimeoutError if it doesn't come in time."""
        return await self._upstream.ask(question, within)

    async def is_well(self, within: float) -> bool:
        """Return whether a golden session is answered, with numbers, within so many seconds."""
        if self.triton.is_over:
            return False
        try:
            return (await self._upstream.ask_at_once(self._probe, within)).status == OK
        except OSError:  # the connection ended, or the time
            return False

    async def seconds(self) -> float:
        """Return the median time of one golden session."""
        taken = []
        for question in self._questions(TIMED):
            started = time.monotonic()
            await self._upstream.ask_at_once(question, 60)
            taken.append(time.monotonic() - started)
        return statistics.median(taken)

    async def stop(self) -> None:
        """End Triton."""
        self._upstream.rest()
        await asyncio.to_thread(self.triton.stop)
        self._upstream.close()  # last, since it ends what is under way

    async def kill(self) -> None:
        """End a Triton that doesn't answer, without waiting for what is under way."""
        self.triton.kill()
        await self.stop()

    def _questions(self, count: int) -> list[bytes]:
        """Return golden sessions, one a request; an empty one where there is none."""
        rows = list(self.staged.golden.rows)
        chosen = [[rows[i % len(rows)]] if rows else [] for i in range(count)]
        model, request = next(iter(self.contract.models)), self.staged.program.serving.request
        return [_question(self.contract, model, tensors_of(each, request)) for each in chosen]


def start(staged: Staged, is_over: threading.Event, *, relays: bool) -> Triton | None:
    """Start Triton on a staged artifact and ask its golden requests; None if nobody waits for it any more."""
    ports = Ports(choose_port(None, HOST), choose_port(None, HOST))
    triton = Triton(staged.artifact / "triton", HOST, ports, relays=relays, model=staged.contract.step)
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
    check_golden(_Asking(staged.contract, triton.ports.http), staged.program, staged.golden)
    triton.check()


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks Triton as users' requests are asked, in a thread without a loop."""

    contract: Contract
    port: int

    def infer(self, model: str, tensors: Mapping[str, Array], /) -> dict[str, Array]:
        """Return all outputs of a model; RunFailed if there are none."""
        try:
            reply = asyncio.run(self._ask(_question(self.contract, model, tensors)))
        except Refusal as refusal:
            raise RunFailed("a golden request breaks a rule", refusal.message) from None
        if reply is None or reply.status != OK:
            raise RunFailed("Triton doesn't answer a golden request", "" if reply is None else reason_of(reply))
        found = outputs_of(self.contract, model, _names(self.contract, model), reply)
        return {name: array_of(each.datatype, each.shape, each.content) for name, each in found.items()}

    async def _ask(self, question: bytes) -> Reply | None:
        upstream = Upstream(HOST, self.port)
        try:
            return await upstream.ask_at_once(question, GOLDEN_WITHIN)
        except OSError:  # the connection ended, or the time
            return None
        finally:
            upstream.close()


def _question(contract: Contract, model: str, tensors: Mapping[str, Array]) -> bytes:
    """Return the question for all outputs of a model."""
    return question_of(contract, model, tensors, contract.read(tensors), _names(contract, model))


def _names(contract: Contract, model: str) -> list[str]:
    return [output.name for output in contract.models[model]]
