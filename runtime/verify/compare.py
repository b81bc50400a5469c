"""Law 4 on two sets of answers: scores within 1e-5, and the same ids in order where scores differ by more than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-5
SHOWN = 10

Answers = Mapping[str, NDArray[Any]]  # outputs by name, one row a session


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers differ: the output, the row, and both rows."""

    output: str
    row: int
    one: str
    other: str

    def shown(self, one: str, other: str) -> str:
        """Return the two rows below each other."""
        width = max(len(one), len(other))
        return f"`{self.output}` of row {self.row}\n{one:<{width}}  {self.one}\n{other:<{width}}  {self.other}"


def differences(one: Answers, other: Answers) -> Iterator[Difference]:
    """Yield every row of every output in which two answers to the same sessions differ."""
    for name in sorted(one.keys() | other.keys()):
        if name not in one or name not in other:
            said = ["answered" if name in answers else "missing" for answers in (one, other)]
            yield Difference(name, 0, *said)
        elif one[name].shape != other[name].shape:
            yield Difference(name, 0, f"shape {list(one[name].shape)}", f"shape {list(other[name].shape)}")
        elif name.endswith(".ids"):
            scores = name.removesuffix(".ids") + ".scores"
            for row in range(len(one[name])):
                if not same_order(one[name][row], other[name][row], one[scores][row]):
                    yield Difference(name, row, _ids(one, name, scores, row), _ids(other, name, scores, row))
        else:
            wrong = ~np.isclose(one[name], other[name], rtol=TOLERANCE, atol=TOLERANCE)
            for row in np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1)).tolist():
                yield Difference(name, row, _numbers(one[name][row]), _numbers(other[name][row]))


def first_difference(one: Answers, other: Answers) -> Difference | None:
    """Return the first difference, None if there is none."""
    return next(differences(one, other), None)


def largest(one: Answers, other: Answers) -> float:
    """Return the largest difference of two scores or vectors' numbers."""
    gaps = [
        float(np.abs(one[name] - other[name]).max(initial=0.0))
        for name in one
        if not name.endswith(".ids") and name in other and one[name].shape == other[name].shape
    ]
    return max(gaps, default=0.0)


def same_order(one: NDArray[Any], other: NDArray[Any], scores: NDArray[Any]) -> bool:
    """Whether two rankings (K,) agree but inside runs of scores (K,) that lie within the tolerance of each other.

    The last run is cut off by K: other ids of the same score may stand behind it, so that it isn't compared, be it of
    one id or more.
    """
    gaps = np.abs(np.diff(scores.astype(np.float64)))
    breaks = np.flatnonzero(gaps > _near(scores[1:])) + 1
    runs = np.split(np.arange(len(scores)), breaks)
    for run in runs[:-1] if len(runs) > 1 else runs:
        if len(run) == 1 and one[run[0]] != other[run[0]]:
            return False
        if len(run) > 1 and sorted(one[run].tolist()) != sorted(other[run].tolist()):
            return False
    return True


def _near(scores: NDArray[Any]) -> NDArray[Any]:
    """Return how near two scores are taken as equal: twice the tolerance, as either side may be off by it."""
    return 2 * TOLERANCE * np.maximum(1.0, np.abs(scores.astype(np.float64)))


def _ids(answers: Answers, name: str, scores: str, row: int) -> str:
    pairs = zip(answers[name][row][:SHOWN].tolist(), answers[scores][row][:SHOWN].tolist(), strict=True)
    return " ".join(f"{item}:{score:.5f}" for item, score in pairs)


def _numbers(values: NDArray[Any]) -> str:
    return " ".join(f"{value:.6f}" for value in values.ravel()[:SHOWN].tolist())
