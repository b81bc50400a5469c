"""The sessions of a source part by part, each divided into splits with the values that its sessions take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from sess.compiler.plans import WorkflowPlan
from sess.runtime.prepare.history import History
from sess.runtime.prepare.source import Source
from sess.runtime.prepare.split import Cut, divide, ends_of, whole
from sess.runtime.prepare.taken import take_values


@dataclass(frozen=True, slots=True)
class Part:
    """Some sessions of a source: which of them each split has, and what they take, a row a session."""

    history: History
    cuts: Mapping[str, Cut]
    taken: Mapping[str, pa.Table]


class Parts:
    """The parts of the source of one name, made whenever they are gone through; a lone one is kept."""

    def __init__(self, plan: WorkflowPlan, name: str, source: Source) -> None:
        self._plan, self._name, self.source = plan, name, source
        self._kept: Part | None = None
        self._newest = self._newest_end() if len(source.parts) > 1 else None

    def __iter__(self) -> Iterator[Part]:
        """Give one part after the other."""
        if self._kept is not None:
            yield self._kept
            return
        for history in self.source.histories():
            cuts = self._cuts(history)
            part = Part(history, cuts, {name: take_values(self._plan, cut) for name, cut in cuts.items()})
            if len(self.source.parts) == 1:
                self._kept = part
            yield part

    def _cuts(self, history: History) -> dict[str, Cut]:
        split = self._plan.data.split
        if split is None:
            return {self._name: whole(history)}
        return divide(history, self._plan.data, split, self._newest) if self._name == "train" else {}

    def _newest_end(self) -> Any:  # a number of the dtype that the times have
        """Return when the last session ended; None where no split asks for it."""
        split = self._plan.data.split
        if split is None or split.name != "by_time" or self._name != "train":
            return None
        return np.max([np.max(ends_of(history, self._plan.data)) for history in self.source.histories()])
