"""Golden requests: real held-out sessions in the user's own values, with the answers that the exported model gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import JsonValue
from sess.compiler.plans import Program, TensorPlan
from sess.compiler.ragged import OFFSETS
from sess.compiler.types import Level
from sess.runtime.evaluate.examples import EVERYTHING
from sess.runtime.prepare.prepared import Prepared, Sessions
from sess.runtime.serve.tensors import (
    bag_columns,
    numpy_dtype,
    plain,
    session_columns,
    step_columns,
    tensors_of,
)
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.bags import Bags
from sess.runtime.steps.request import Reader
from sess.runtime.train.windows import last_steps, raw_steps

ROWS = 64
FORMAT_VERSION = 1

Row = dict[str, Any]  # a session: JSON values by column


def write_golden(
    program: Program, prepared: Prepared, reader: Reader, answerer: Answerer, path: Path
) -> tuple[Row, ...]:
    """Write rows, and every output that the steps give for them; return the rows."""
    rows = held_out_rows(program, prepared)
    asked = reader.read(tensors_of(rows, program.serving.request))
    answers = answerer.answer_one(asked)
    found: dict[str, JsonValue] = {
        "format_version": FORMAT_VERSION,
        "rows": list(rows),
        "answers": {tensor.name: plain(answers[tensor.name]) for tensor in program.serving.answers},
    }
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return rows


def held_out_rows(program: Program, prepared: Prepared, most: int = ROWS) -> tuple[Row, ...]:
    """Return the inputs of at most so many sessions that training didn't see, evenly spaced.

    They are training's own where there are no others. Where a step is predicted, the last step is what an evaluation
    asks for, so that the input ends before it.
    """
    sessions = prepared.test or prepared.valid or prepared.train
    cut = int(any(head.target_level is Level.STEP for head in program.model.heads))
    lengths = np.diff(sessions.offsets) - cut
    request = program.serving.request
    found = np.flatnonzero(lengths >= 1) if step_columns(request) else np.arange(len(lengths))
    complete = found[_is_complete(sessions, request, found)]
    chosen = complete if len(complete) else found
    spaced = chosen[np.unique(np.linspace(0, len(chosen) - 1, min(most, len(chosen))).astype(int))]
    return tuple(_row(sessions, request, int(place), cut) for place in spaced.tolist())


def _is_complete(sessions: Sessions, request: Sequence[TensorPlan], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which sessions hold no null: a request has no way to say it for numbers."""
    is_null = np.zeros(len(sessions.offsets) - 1, bool)
    for name in session_columns(request):
        is_null |= _nulls(sessions.raw_session[name])
    for name in bag_columns(request):
        is_null |= _nulls(sessions.raw_session[name])
    for name in step_columns(request):
        values, offsets = sessions.raw_of(name)
        before = np.concatenate([[0], np.cumsum(_nulls(values))])
        is_null |= before[offsets[1:]] > before[offsets[:-1]]
    return ~is_null[places]


def _nulls(values: NDArray[Any] | Bags) -> NDArray[np.bool_]:
    """Return where a value is missing, or one of a list or a vector."""
    if isinstance(values, Bags):
        before = np.concatenate([[0], np.cumsum(_nulls(values.values))])
        return np.asarray(before[values.offsets[1:]] > before[values.offsets[:-1]])
    if values.ndim == 2:
        return np.asarray(~np.isfinite(values).all(axis=1))
    if values.dtype == object:
        return np.array([value is None for value in values.tolist()], bool)
    if values.dtype.kind == "M":
        return np.asarray(np.isnat(values))
    return ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)


def _row(sessions: Sessions, request: Sequence[TensorPlan], place: int, cut: int) -> Row:
    window = last_steps(sessions, np.array([place]), longest=EVERYTHING, leave_out=cut)
    tensors = [tensor for tensor in request if tensor.column and not tensor.name.endswith(OFFSETS)]
    dtypes = {tensor.column: numpy_dtype(tensor.dtype) for tensor in tensors}
    row: Row = {name: _sent(raw_steps(sessions, window, name), dtypes[name]) for name in step_columns(request)}
    for name in (*session_columns(request), *bag_columns(request)):
        row[name] = _sent(sessions.raw_session[name][place : place + 1], dtypes[name])[0]
    return row


def _sent(values: NDArray[Any] | Bags, dtype: np.dtype[Any]) -> list[Any]:
    """Return values as a request sends them: 0 or an empty text for a null, datetimes in microseconds."""
    if isinstance(values, Bags):
        return Bags(np.array(_sent(values.values, dtype), dtype), values.offsets).lists()
    if values.ndim == 2:
        vectors: list[Any] = values.astype(dtype).tolist()
        return vectors
    if values.dtype.kind == "M":
        values = np.where(np.isnat(values), np.datetime64(0, "us"), values).astype("datetime64[us]").astype(np.int64)
    filled = np.where(_nulls(values), "" if dtype.kind == "O" else 0, values)
    sent: list[Any] = filled.astype(dtype).tolist()
    return sent
