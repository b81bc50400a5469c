"""A training whose loss is no number: the batch that it came with, and the largest number in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sess.compiler.failures import RunFailed
from sess.runtime.train.batches import Batches
from sess.runtime.train.windows import Array, Windows, ranges_of


class Diverged(RunFailed):
    """The loss is no number; `keys` are those of the batch's sessions, first the one with the largest number."""

    def __init__(self, message: str, keys: tuple[object, ...], largest: str) -> None:
        super().__init__(
            message, "try a smaller learning rate, or `clip_norm = 1.0` in train; then look for numbers out of range"
        )
        self.keys = keys
        self.largest = largest
        """What that number is; nothing where the batch has none but codes."""


def diverged(batches: Batches, epoch: int, step: int, loss: float, parts: Mapping[str, Any]) -> Diverged:
    """Return the failure of a step of an epoch, which counts from 1."""
    guilty = [f"`{head}`" for head, part in parts.items() if not np.isfinite(float(part))]
    heads = f", of {' and '.join(guilty)}" if guilty else ""
    windows = batches.windows.take(batches.plan(epoch)[step - 1])
    row, largest = _largest(batches, windows)
    keys = batches.sessions.keys[windows.rows]
    ordered = [keys[row], *keys] if largest else list(keys)
    return Diverged(f"the loss is {loss} at step {step} of epoch {epoch}{heads}", tuple(ordered), largest)


def _largest(batches: Batches, windows: Windows) -> tuple[int, str]:
    """Return the session of a batch with the largest number beside the codes, counted in the batch, and what it is."""
    sessions, found = batches.sessions, (0, "", 0.0)
    for column in (*batches.steps, *batches.session):
        begins, ends, values = windows.begins, windows.ends, sessions.steps.get(column)
        for other in sessions.others.values():
            if column in other.steps:
                (begins, ends), values = ranges_of(sessions, other, windows), other.steps[column]
        if values is None and column in sessions.session:
            begins, ends, values = windows.rows, windows.rows + 1, sessions.session[column]
        if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
            continue
        for row, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            most = _greatest(values[begin:end])
            if abs(most) > abs(found[2]):
                found = (row, column, most)
    return found[0], f"`{found[1]}` {found[2]:.6g}" if found[1] else ""


def _greatest(values: Array) -> float:
    """Return the number that is farthest from zero; zero where there is none."""
    flat = np.nan_to_num(values.ravel(), posinf=np.inf, neginf=-np.inf)
    return float(flat[np.argmax(np.abs(flat))]) if len(flat) else 0.0
