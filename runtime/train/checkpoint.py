"""The state of an unfinished training on disk: weights, optimizer, random counters and history, replaced atomically."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sess.compiler.block import JsonValue
from sess.compiler.codec import decode, encode
from sess.compiler.failures import RunFailed
from sess.runtime.arrays import save_arrays
from sess.runtime.train.history import Epoch

STATE = "state.npz"
HEADER = "header"


@dataclass(frozen=True, slots=True)
class Begun:
    """How much of an epoch is done: its steps, the sum of their losses, and the sums by head."""

    steps: int
    loss: float
    losses: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the state of one training lies; `key` tells it from the state of another plan or other data."""

    path: Path
    key: str

    def save(
        self,
        variables: Sequence[Any],  # keras variables
        epochs: tuple[Epoch, ...],
        begun: Begun | None = None,
    ) -> None:
        """Write the state after an epoch, or inside the one that is `begun`; RunFailed keeps the one before.

        It is raised where a number isn't finite, since nothing good goes on from there.
        """
        arrays = {f"v{i}": np.asarray(variable) for i, variable in enumerate(variables)}
        for variable, values in zip(variables, arrays.values(), strict=True):
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise RunFailed(
                    f"`{variable.path}` is no longer finite after {len(epochs)} epochs, so this state is not saved",
                    "try a smaller learning rate, or `clip_norm = 1.0` in train",
                )
        header: JsonValue = {"key": self.key, "epochs": encode(epochs), "begun": encode(begun) if begun else None}
        arrays[HEADER] = np.frombuffer(json.dumps(header).encode(), np.uint8)
        fresh = self.path.with_name(f"{self.path.name}.new")
        save_arrays(fresh, arrays)
        fresh.replace(self.path)

    def restore(self, variables: Sequence[Any]) -> tuple[tuple[Epoch, ...], Begun | None]:  # keras variables
        """Put the saved values into the variables; return the epochs so far, and what of the next one is done.

        None of both if nothing fits this training.
        """
        try:
            with np.load(self.path, allow_pickle=False) as state:
                header = json.loads(bytes(state[HEADER]))
                values = [state[f"v{i}"] for i in range(len(variables))]
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            return (), None
        if header["key"] != self.key or any(v.shape != tuple(w.shape) for v, w in zip(values, variables, strict=True)):
            return (), None
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        begun = header["begun"]
        return tuple(decode(Epoch, epoch) for epoch in header["epochs"]), begun and decode(Begun, begun)

    def remove(self) -> None:
        """Forget the state of a finished training."""
        self.path.unlink(missing_ok=True)
