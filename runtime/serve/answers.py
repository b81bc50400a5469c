"""Answer tensors as recommendations, without the places that have no candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.compiler.backend import Recommendation

NEVER = float(np.finfo(np.float32).min)  # the score of a place without a candidate
Titles = Mapping[int | str, str]


def recommendations(
    raw: Mapping[str, NDArray[Any]], row: int, titles: Mapping[str, Titles]
) -> dict[str, tuple[Recommendation, ...]]:
    """Return one session's answer of every head, without the places that have no candidate."""
    found: dict[str, tuple[Recommendation, ...]] = {}
    for name, values in raw.items():
        head, _, kind = name.rpartition(".")
        if kind == "score":
            found[head] = (Recommendation(head, float(values[row].ravel()[0])),)
        elif kind == "ids":
            pairs = zip(values[row].tolist(), raw[f"{head}.scores"][row].tolist(), strict=True)
            known = titles.get(head, {})
            found[head] = tuple(
                Recommendation(each, score, known.get(each)) for each, score in pairs if score > NEVER
            )  # fmt: skip
    return found
