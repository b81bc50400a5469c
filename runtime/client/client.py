"""`sess.Client`: asks a served model for recommendations; needs nothing installed beside `sess` itself over HTTP."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sess.compiler.backend import Recommendation
from sess.compiler.ragged import VALUES
from sess.runtime.client.errors import NO_ANSWER, BadRequest, Failed, NotFound, NotReady, Timeout
from sess.runtime.client.http import Document, Http
from sess.runtime.client.request import Inputs, column_tensors, own_tensors

Session = Sequence[int | str] | Mapping[str, Any]  # the items' ids, or values by column
Answer = TypeVar("Answer")

MODEL, ITEM = "sess.model:", "sess.item:"  # by these a server names its model and its item column
LOWEST = -3.4028234e38  # scores below mark a place without a candidate
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds before a request is sent again


@dataclass(frozen=True, slots=True)
class Signature:
    """What a server says of its model: datatypes and shapes of inputs, names of outputs, and the item's column."""

    model: str
    inputs: Inputs
    outputs: tuple[str, ...]
    item: str


class Client:
    """A connection to a server: `Client("http://host:8000").recommend([[12, 45, 9]], k=10)`; threads may share it.

    `timeout` is for a call as a whole, in seconds. A server that isn't ready is asked again up to `retries` times, with
    growing pauses and not before its `Retry-After`: an inference changes nothing. The model's name may end the address.
    """

    def __init__(self, address: str, *, model: str | None = None, timeout: float = 10.0, retries: int = 4) -> None:
        url = urlsplit(address)
        if url.scheme not in ("http", "https", "grpc", "grpcs") or not url.netloc:
            raise ValueError(f"`{address}` is no address of a server: use http://HOST:PORT or grpc://HOST:PORT")
        self.timeout, self.retries = timeout, retries
        self._model = model or url.path.rstrip("/").rpartition("/")[2] or None
        if url.scheme.startswith("grpc"):
            from sess.runtime.client.rpc import Rpc

            self._way: Http | Rpc = Rpc(url)
        else:
            self._way = Http(url)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._way.close()

    @property
    def is_ready(self) -> bool:
        """Whether the server answers requests now; it isn't asked twice."""
        return self._way.is_ready(self.timeout)

    @cached_property
    def signature(self) -> Signature:
        """The model's inputs and outputs, asked once."""
        return self._patiently(self._ask_signature)

    def recommend(
        self,
        sessions: Sequence[Session],
        k: int | None = None,
        *,
        head: str | None = None,
        allow: Sequence[int | str] = (),
        deny: Sequence[int | str] = (),
    ) -> list[tuple[Recommendation, ...]]:
        """Return what a head recommends to each session, best first; the first head that ranks if none is named."""
        ranked = [name.removesuffix(".ids") for name in self.signature.outputs if name.endswith(".ids")]
        chosen = head if head is not None else next(iter(ranked), None)
        if chosen not in ranked:
            raise BadRequest(f"the model has no head `{chosen}`; it ranks by {', '.join(ranked) or 'none'}")
        outputs = [f"{chosen}.ids", f"{chosen}.scores"]
        found = self._infer(self.signature.model, sessions, outputs, k=k, allow=allow, deny=deny)
        ids, scores = (_rows(*found[name]) for name in outputs)
        return [
            tuple(Recommendation(id, score) for id, score in zip(*row, strict=True) if score > LOWEST)
            for row in zip(ids, scores, strict=True)
        ]

    def scores(self, sessions: Sequence[Session], head: str) -> list[float]:
        """Return the score of each session by a binary or regression head."""
        found = self._infer(self.signature.model, sessions, [f"{head}.score"])
        return [float(row[0]) for row in _rows(*found[f"{head}.score"])]

    def vectors(self, sessions: Sequence[Session], encoder: str) -> list[list[float]]:
        """Return the vector that an encoder gives each session, for a vector index."""
        spec = self.signature.model.partition(".")[0]
        return _rows(*self._infer(f"{spec}.{encoder}", sessions, ["vector"])["vector"])

    def _infer(
        self, model: str, sessions: Sequence[Session], outputs: Sequence[str], **own: int | Sequence[int | str] | None
    ) -> Document:
        item, inputs = self.signature.item, self.signature.inputs
        rows = [session if isinstance(session, Mapping) else {item: session} for session in sessions]
        tensors = [*own_tensors(inputs, own), *column_tensors(inputs, rows)]
        document = {"inputs": tensors, "outputs": [{"name": name} for name in outputs]}
        try:
            found = self._patiently(lambda seconds: self._way.infer(model, document, seconds))
        except BadRequest as error:
            named = [name for name in re.findall(r"`([^`]*)`", str(error)) if name in self.signature.inputs]
            error.tensor = error.tensor or next(iter(named), None)
            raise
        if not found.keys() >= set(outputs):
            raise Failed(NO_ANSWER)
        return found

    def _ask_signature(self, seconds: float) -> Signature:
        try:
            return self._read_signature(seconds)
        except (KeyError, TypeError, ValueError):
            raise Failed(NO_ANSWER) from None

    def _read_signature(self, seconds: float) -> Signature:
        said = [str(each) for each in self._way.metadata(None, seconds)["extensions"]]
        model = self._model or next((each.removeprefix(MODEL) for each in said if each.startswith(MODEL)), None)
        if model is None:
            raise NotFound("the server doesn't say which model it serves: end the address with the model's name")
        found = self._way.metadata(model, seconds)
        inputs = {each["name"]: (each["datatype"], tuple(map(int, each.get("shape", ())))) for each in found["inputs"]}
        first = next((name.removesuffix(VALUES) for name in inputs if name.endswith(VALUES)), "")
        item = next((each.removeprefix(ITEM) for each in said if each.startswith(ITEM)), first)
        return Signature(model, inputs, tuple(tensor["name"] for tensor in found["outputs"]), item)

    def _patiently(self, ask: Callable[[float], Answer]) -> Answer:
        """Return an answer; a server that isn't ready is asked again while there are retries and time."""
        ends, pause = time.monotonic() + self.timeout, FIRST_PAUSE
        for left in range(self.retries, -1, -1):
            seconds = ends - time.monotonic()
            if seconds <= 0:
                break
            try:
                return ask(seconds)
            except NotReady as error:
                wait = pause * random.uniform(0.5, 1.0)  # clients that failed together don't come again together
                wait += error.retry_after or 0.0
                if not left or time.monotonic() + wait >= ends:
                    raise
                time.sleep(wait)
                pause = min(2 * pause, LONGEST_PAUSE)
        raise Timeout(f"no answer within {self.timeout:g} s")


def _rows(shape: Sequence[int], data: Sequence[Any]) -> list[list[Any]]:
    width = shape[1] if len(shape) > 1 else 1
    return [list(data[row * width : (row + 1) * width]) for row in range(shape[0])]
