"""Which steps of a long session the model reads: `data { keep = … }`."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Entry, Kind


@dataclass(frozen=True, slots=True)
class LastParams:
    """`last(n)`: the last `n` steps."""

    n: int


class Last(Entry[LastParams]):
    """The newest steps decide."""

    name = "last"
    kind = Kind.KEEP
