"""How concurrent requests are put together: `serve { batch = … }`."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Entry, Kind, Microseconds


@dataclass(frozen=True, slots=True)
class DynamicParams:
    """`dynamic(max=64, delay=2ms)`: at most `max` sessions a call, which wait at most `delay` for each other."""

    max: int = 64
    delay: Microseconds = Microseconds(2000)


class Dynamic(Entry[DynamicParams]):
    """Requests that arrive together are answered together."""

    name = "dynamic"
    kind = Kind.BATCH
