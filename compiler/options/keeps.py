"""Which steps of a long session the model reads: `data { keep = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Entry, Kind
from sess.compiler.ranges import COUNT


@dataclass(frozen=True, slots=True)
class LastParams:
    """`last(n)`: the last `n` steps."""

    n: Annotated[int, COUNT]


class Last(Entry[LastParams]):
    """The newest steps decide."""

    name = "last"
    kind = Kind.KEEP
