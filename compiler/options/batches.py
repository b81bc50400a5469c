"""How concurrent requests are put together: `serve { batch = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Entry, Kind, Microseconds
from sess.compiler.ranges import COUNT, NOT_NEGATIVE


@dataclass(frozen=True, slots=True)
class DynamicParams:
    """`dynamic(max=64, delay=2ms)`: at most `max` sessions a call, which wait at most `delay` for each other."""

    max: Annotated[int, COUNT] = 64
    delay: Annotated[Microseconds, NOT_NEGATIVE] = Microseconds(2000)


class Dynamic(Entry[DynamicParams]):
    """Requests that arrive together are answered together."""

    name = "dynamic"
    kind = Kind.BATCH
