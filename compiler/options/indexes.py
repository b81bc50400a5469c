"""How the best items are found: `serve { index = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Entry, Kind, NoParams
from sess.compiler.ranges import Range


class Exact(Entry[NoParams]):
    """Every item is scored."""

    name = "exact"
    kind = Kind.INDEX


@dataclass(frozen=True, slots=True)
class HnswParams:
    """`hnsw(m=32, min_recall=0.95)`: a graph of near items, refused where it finds fewer than `min_recall`."""

    m: Annotated[int, Range(least=2)] = 32
    min_recall: Annotated[float, Range(above=0, most=1)] = 0.95


class Hnsw(Entry[HnswParams]):
    """Approximate neighbours, Malkov and Yashunin 2018."""

    name = "hnsw"
    kind = Kind.INDEX
