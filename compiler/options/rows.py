"""What a row of the data is: `data { rows = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from sess.compiler.block import Entry, Kind, Microseconds, NoParams, OneColumn
from sess.compiler.ranges import ABOVE_ZERO


@dataclass(frozen=True, slots=True)
class EventsParams:
    """`events(session=, time=, unit=s, idle=none, dedupe=none)`: a row is an event; one stable sort makes sessions."""

    session: OneColumn | None = None
    time: OneColumn | None = None
    unit: Literal["s", "ms", "us", "ns"] = "s"
    idle: Annotated[Microseconds, ABOVE_ZERO] | None = None
    dedupe: Literal["none", "consecutive"] = "none"


class Events(Entry[EventsParams]):
    """A row is an event of a session."""

    name = "events"
    kind = Kind.ROWS


class Sessions(Entry[NoParams]):
    """A row is a session; list columns are its steps."""

    name = "sessions"
    kind = Kind.ROWS
