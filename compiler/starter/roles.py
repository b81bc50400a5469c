"""Which column is the item, which the session and which the time: by name, by dtype and by the values, with reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sess.compiler.failures import Misused
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.starter import names
from sess.compiler.starter.profile import ColumnProfile, Profile

EPOCH = (631_152_000, 4_102_444_800)  # 1990 to 2100, in seconds
UNITS = (("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000))
SPOKEN = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
OF_USER = "the history of a user is read as one session"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A column for a part, and why."""

    column: ColumnProfile
    reason: str


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that every session model needs; `session` and `time` are None where a row is a session.

    `unit` is that of a time which counts, None for a datetime and for a plain order.
    """

    item: Chosen
    session: Chosen | None
    time: Chosen | None
    unit: str | None
    is_of_users: bool

    @property
    def is_events(self) -> bool:
        """Whether a row is an event."""
        return not self.item.column.is_list


@dataclass(frozen=True, slots=True)
class Said:
    """The columns that the command line names."""

    item: str | None = None
    session: str | None = None
    time: str | None = None


def choose(profile: Profile, said: Said) -> Roles:
    """Choose the columns; Misused where nothing fits, with the switch that says it."""
    item = _said(profile, said.item, "item") or _item(profile)
    if item.column.is_list:
        return Roles(item, _session(profile, said, item, must=False), None, None, is_of_users=False)
    session = _session(profile, said, item, must=True)
    assert session is not None
    time = _said(profile, said.time, "time") or _time(profile, {item.column.name, session.column.name})
    is_user = names.speaks_of(session.column.name, names.USER) and not names.speaks_of(
        session.column.name, names.SESSION
    )
    return Roles(item, session, time, unit_of(time.column), is_of_users=is_user)


def unit_of(column: ColumnProfile) -> str | None:
    """Return the unit in which numbers count the time since 1970; None if the column holds no such numbers."""
    if column.low is None or column.high is None or not (column.dtype.is_integer or column.dtype.is_float):
        return None
    for unit, factor in UNITS:
        if EPOCH[0] * factor <= column.low and column.high <= EPOCH[1] * factor:
            return unit
    return None


def _said(profile: Profile, name: str | None, part: str) -> Chosen | None:
    if name is None:
        return None
    column = profile.find(name)
    if column is None:
        known = [each.name for each in profile.columns]
        raise Misused(
            f"the data has no column `{name}`", (did_you_mean(name, known) or (f"it has {listing(known)}",))[0]
        )
    return Chosen(column, f"`--{part}` says so")


def _item(profile: Profile) -> Chosen:
    """Return the column of the items: an id by name, the one with the most values where several are."""
    fitting = [each for each in profile.columns if _is_key(each)]
    by_name = [each for each in fitting if names.speaks_of(each.name, names.ITEM)]
    ids = [each for each in by_name if names.is_id(each.name)] or by_name
    if not ids:
        raise Misused(
            "no column looks like an item's id: none is called item, product, article or the like",
            f"say which it is, `--item COLUMN`: {_listed(fitting)}",
        )
    best = max(ids, key=lambda each: each.distinct)
    return Chosen(best, f"its name, and {best.distinct:,} values")


def _session(profile: Profile, said: Said, item: Chosen, *, must: bool) -> Chosen | None:
    """Return the key of the sessions: a session's id by name, else a user's."""
    chosen = _said(profile, said.session, "session")
    if chosen is not None:
        return chosen
    fitting = [each for each in profile.columns if _is_key(each) and not each.is_list and each != item.column]
    for vocabulary, more in ((names.SESSION, ""), (names.USER, f"; {OF_USER}")):
        found = [each for each in fitting if names.speaks_of(each.name, vocabulary)]
        found = [each for each in found if names.is_id(each.name)] or found
        if found:
            best = max(found, key=lambda each: each.distinct)
            return Chosen(best, f"its name, and {best.distinct:,} values{more}")
    if not must:
        return None
    raise Misused(
        "no column looks like a session's or a user's id", f"say which it is, `--session COLUMN`: {_listed(fitting)}"
    )


def _time(profile: Profile, taken: set[str]) -> Chosen:
    """Return the column that orders events: a datetime, seconds by their values, or an order by its name."""
    fitting = [each for each in profile.columns if not each.is_list and each.name not in taken]
    tests: tuple[tuple[Callable[[ColumnProfile], bool], str], ...] = (
        (lambda each: each.dtype.value.startswith("datetime"), "a datetime"),
        (lambda each: unit_of(each) is not None, "numbers that count {unit} since 1970"),
        (lambda each: each.is_whole and names.speaks_of(each.name, names.ORDER), "its name: the order of the events"),
        (lambda each: each.is_whole and names.speaks_of(each.name, names.TIME), "its name"),
    )
    for test, why in tests:
        found = [each for each in fitting if test(each)]
        if found:
            best = max(found, key=lambda each: (names.speaks_of(each.name, names.TIME), each.distinct))
            return Chosen(best, why.format(unit=SPOKEN.get(unit_of(best) or "")))
    texts = [each.name for each in fitting if names.speaks_of(each.name, names.TIME)]
    hint = f"; `{texts[0]}` is text: write it as a datetime or as seconds" if texts else ""
    raise Misused(
        "no column tells the order of the events" + hint, f"say which one does, `--time COLUMN`: {_listed(fitting)}"
    )


def _is_key(column: ColumnProfile) -> bool:
    return column.dtype.is_integer or column.dtype.value == "string" or (column.is_whole and column.dtype.is_float)


def _listed(columns: Iterable[ColumnProfile]) -> str:
    return listing(each.name for each in columns) or "the data has none that could be it"
