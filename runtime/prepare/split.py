"""Train, valid and test: which sessions of a history each has, and how many steps of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sess.compiler.block import Chosen
from sess.compiler.failures import RunFailed
from sess.compiler.plans import DataPlan
from sess.runtime.prepare.history import History, later_by
from sess.runtime.prepare.moments import MICROSECONDS

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cut:
    """Some sessions of a history (by number), each up to a step: `ends` are places in the history's steps."""

    history: History
    sessions: Ints
    ends: Ints

    @property
    def begins(self) -> Ints:
        """The place of each session's first step."""
        return self.history.offsets[self.sessions]

    @property
    def lengths(self) -> Ints:
        """The number of steps of each session."""
        return self.ends - self.begins

    @property
    def offsets(self) -> Ints:
        """Where each session begins in the split's own steps."""
        offsets: Ints = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
        return offsets

    @property
    def places(self) -> Ints:
        """The places of the split's steps among the history's steps."""
        offsets = self.offsets
        places: Ints = np.arange(offsets[-1]) + np.repeat(self.begins - offsets[:-1], self.lengths)
        return places


def whole(history: History, sessions: Ints | None = None) -> Cut:
    """Return whole sessions; all of them if none are named. Sessions without a step are left out."""
    return _cut(history, np.arange(history.count) if sessions is None else sessions, leave_out=0)


def divide(history: History, data: DataPlan, split: Chosen, newest: Any = None) -> dict[str, Cut]:
    """Return the splits of one history by name; those that the split doesn't make are left out.

    `newest` is when the last session of the source ended, None where this history is all of it.
    """
    match split.name:
        case "leave_one_out":
            everyone = np.arange(history.count)
            return {
                name: _cut(history, everyone, leave_out=leave_out)
                for name, leave_out in (("train", 2), ("valid", 1), ("test", 0))
            }
        case "by_time":
            return _by_time(history, data, split, newest)
        case "by_session":
            return _by_session(history, data, split)
        case other:
            raise RunFailed(f"the split `{other}` is not supported by this version")


def _cut(history: History, sessions: Ints, *, leave_out: int) -> Cut:
    begins, ends = history.offsets[sessions], history.offsets[sessions + 1] - leave_out
    stays = ends > begins
    return Cut(history, sessions[stays], ends[stays])


def ends_of(history: History, data: DataPlan) -> NDArray[Any]:
    """Return the time of each session's last event, in the unit of the data, or microseconds."""
    if data.time is None:
        raise RunFailed("`by_time` needs a time, and these sessions have none", "use `by_session`")
    column = history.events.column(data.time)
    times = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    return np.asarray(times.to_numpy()[history.bounds[1:] - 1])


def _by_time(history: History, data: DataPlan, split: Chosen, newest: Any) -> dict[str, Cut]:
    """Return the newest sessions as test and those before as valid, by the time of their last event."""
    last = ends_of(history, data)
    valid, test = _duration(split, "valid"), _duration(split, "test")
    is_timestamp = pa.types.is_timestamp(history.events.column(data.time).type)
    scale = 1.0 if is_timestamp else MICROSECONDS[data.unit]
    age = later_by(np.max(last) if newest is None else newest, last) * scale  # microseconds before the newest session
    is_test = (age < test) if test else np.zeros(len(age), bool)
    is_valid = (age < test + valid) & ~is_test if valid else np.zeros(len(age), bool)
    found = {"train": whole(history, np.flatnonzero(~is_test & ~is_valid))}
    for name, wanted, chosen in (("valid", valid, is_valid), ("test", test, is_test)):
        if wanted:
            found[name] = whole(history, np.flatnonzero(chosen))
    return found


def _duration(split: Chosen, name: str) -> int:
    value = split.params.get(name)
    return value if isinstance(value, int) else 0


def _by_session(history: History, data: DataPlan, split: Chosen) -> dict[str, Cut]:
    """Return shares of the sessions by a seeded hash of their ids; the sessions of one id stay together."""
    valid, test = (float(str(split.params[name])) for name in ("valid", "test"))
    draws = np.array([_draw(data.seed, key) for key in history.keys.to_pylist()])
    is_test = draws < test
    is_valid = (draws < test + valid) & ~is_test
    found = {"train": whole(history, np.flatnonzero(~is_test & ~is_valid))}
    for name, share, chosen in (("valid", valid, is_valid), ("test", test, is_test)):
        if share:
            found[name] = whole(history, np.flatnonzero(chosen))
    return found


def _draw(seed: int, key: object) -> float:
    """Return a number from 0 to 1 that only the seed and the session's id decide."""
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
