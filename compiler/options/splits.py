"""How one data set becomes train, valid and test: `data { split = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Entry, Kind, Microseconds, NoParams
from sess.compiler.ranges import ABOVE_ZERO, SHARE


class LeaveOneOut(Entry[NoParams]):
    """The last step of every session is test, the one before it valid."""

    name = "leave_one_out"
    kind = Kind.SPLIT


@dataclass(frozen=True, slots=True)
class ByTimeParams:
    """`by_time(valid=7d, test=7d)`: by a session's last event, counted back from the newest one."""

    valid: Annotated[Microseconds, ABOVE_ZERO] | None = None
    test: Annotated[Microseconds, ABOVE_ZERO] | None = None


class ByTime(Entry[ByTimeParams]):
    """The newest sessions are test, those before them valid."""

    name = "by_time"
    kind = Kind.SPLIT


@dataclass(frozen=True, slots=True)
class BySessionParams:
    """`by_session(valid=0.1, test=0.1)`: shares of the sessions, by a seeded hash of their ids."""

    valid: Annotated[float, SHARE] = 0.1
    test: Annotated[float, SHARE] = 0.1


class BySession(Entry[BySessionParams]):
    """A seeded hash of the session's id decides."""

    name = "by_session"
    kind = Kind.SPLIT
