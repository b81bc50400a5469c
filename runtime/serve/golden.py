"""Golden requests asked again: a server is ready when it answers real held-out sessions as the export did."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.serve.tensors import Row, array_of, numpy_dtype, tensors_of
from sess.runtime.verify.compare import Answers, first_difference

GOLDEN = Path("triton") / "golden.json"
NEVER = np.finfo(np.float32).min  # the score of a place without a candidate


@dataclass(frozen=True, slots=True)
class Golden:
    """Held-out sessions and the answers to all of them together."""

    rows: Sequence[Row]
    answers: Answers


def read_golden(program: Program, artifact: Path, rows: int | None = None) -> Golden:
    """Return the golden requests of an artifact, or the first of them."""
    found = json.loads((artifact / GOLDEN).read_text(encoding="utf-8"))
    dtypes = {tensor.name: numpy_dtype(tensor.dtype) for tensor in program.serving.answers}
    answers = {name: _array(values, dtypes[name])[:rows] for name, values in found["answers"].items()}
    for head in [name.removesuffix(".ids") for name in answers if name.endswith(".ids")]:
        # An answer has as many places as the session with the most candidates: fewer sessions may need fewer.
        most = int((answers[f"{head}.scores"] > NEVER).sum(axis=1).max(initial=0))
        answers |= {name: answers[name][:, :most] for name in (f"{head}.ids", f"{head}.scores")}
    return Golden(found["rows"][:rows], answers)


class Answering(Protocol):
    """What answers the tensors of a request for a model: a client of a server, or a repository that is walked."""

    def infer(self, model: str, tensors: Mapping[str, NDArray[Any]], /) -> dict[str, NDArray[Any]]:
        """Return the model's outputs."""


def ask(client: Answering, program: Program, rows: Sequence[Row], k: int | None = None) -> dict[str, NDArray[Any]]:
    """Return what a server answers to rows: every head, and the vector of every encoder."""
    tensors = tensors_of(rows, program.serving.request, k=k)
    spec = program.serving.name
    vectors = {encoder.name: f"{encoder.name}.vector" for encoder in program.model.encoders}
    has_heads = any(tensor.name not in vectors.values() for tensor in program.serving.answers)
    answers: dict[str, NDArray[Any]] = client.infer(spec, tensors) if has_heads else {}
    for encoder, name in vectors.items():
        answers[name] = client.infer(f"{spec}.{encoder}", tensors)["vector"]
    return {name: texts(values) for name, values in answers.items()}


def check_golden(client: Answering, program: Program, golden: Golden) -> None:
    """Raise RunFailed if the server answers otherwise than the export did."""
    found = ask(client, program, golden.rows)
    difference = first_difference(golden.answers, found)
    if difference is not None:
        raise RunFailed("Triton answers a golden request wrongly", difference.shown("exported", "served"))


def _array(values: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind != "O":
        return np.array(values, dtype)
    rows = [array_of(row, dtype, "ids") for row in values]
    return np.stack(rows) if rows else np.zeros((0, 0), dtype)


def texts(values: NDArray[Any]) -> NDArray[Any]:
    """Return an array with text for the bytes in which text travels."""
    if values.dtype != object:
        return values
    decoded = np.empty(values.shape, object)
    decoded.ravel()[:] = [value.decode() if isinstance(value, bytes) else value for value in values.ravel().tolist()]
    return decoded
