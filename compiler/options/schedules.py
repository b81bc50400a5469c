"""The schedules of `train { schedule = … }`: how the learning rate changes over the optimizer's steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Entry, Kind, NoParams
from sess.compiler.ranges import NOT_NEGATIVE


class Constant(Entry[NoParams]):
    """The optimizer's rate throughout."""

    name = "constant"
    kind = Kind.SCHEDULE


@dataclass(frozen=True, slots=True)
class CosineParams:
    """`cosine(warmup=0)`: up over `warmup` optimizer steps, then down to 0 along half a cosine."""

    warmup: Annotated[int, NOT_NEGATIVE] = 0


class Cosine(Entry[CosineParams]):
    """Half a cosine down to 0 at the last step."""

    name = "cosine"
    kind = Kind.SCHEDULE


@dataclass(frozen=True, slots=True)
class LinearParams:
    """`linear(warmup=0)`: up over `warmup` optimizer steps, then down to 0 along a line."""

    warmup: Annotated[int, NOT_NEGATIVE] = 0


class Linear(Entry[LinearParams]):
    """A line down to 0 at the last step."""

    name = "linear"
    kind = Kind.SCHEDULE
