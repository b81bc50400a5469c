"""When training ends before its last epoch: `train { stop = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Entry, HeadName, Kind, MetricWord
from sess.compiler.ranges import COUNT


@dataclass(frozen=True, slots=True)
class EarlyParams:
    """`early(metric, patience=3, head=)`: after `patience` epochs without a better metric on the valid split."""

    metric: MetricWord
    patience: Annotated[int, COUNT] = 3
    head: HeadName | None = None


class Early(Entry[EarlyParams]):
    """Early stopping; the best epoch's weights are kept."""

    name = "early"
    kind = Kind.STOP
