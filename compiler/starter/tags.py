"""The tags of every column, with reasons: what is an input of each step, of the session, or none at all."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.schema import Dtype
from sess.compiler.starter import names
from sess.compiler.starter.profile import ColumnProfile, Profile, SessionProfile
from sess.compiler.starter.roles import Roles, unit_of

FEW = 64
FREE_WORDS = 4.0
MOST_NULLS = 0.95
IDLE = "left out"


@dataclass(frozen=True, slots=True)
class Tagged:
    """A column as the schema will have it; `dtype` is not that of the file where the schema has no such one."""

    column: ColumnProfile
    dtype: Dtype
    tags: tuple[str, ...]
    reason: str


def tagged(profile: Profile, roles: Roles, sessions: SessionProfile | None) -> tuple[Tagged, ...]:
    """Return every column with its tags, in the order of the data."""
    return tuple(_tagged(column, profile, roles, sessions) for column in profile.columns)


def _tagged(column: ColumnProfile, profile: Profile, roles: Roles, sessions: SessionProfile | None) -> Tagged:
    dtype = Dtype.INT64 if _is_number_of_keys(column, roles) else column.dtype
    if column == roles.item.column:
        return Tagged(column, dtype, ("item", "id", "sequence", "categorical"), f"the item: {roles.item.reason}")
    if roles.session is not None and column == roles.session.column:
        tags = ("user", "session", "id") if roles.is_of_users else ("session", "id")
        return Tagged(column, dtype, tags, f"the session: {roles.session.reason}")
    if roles.time is not None and column == roles.time.column:
        return Tagged(column, dtype, ("time",), f"the time: {roles.time.reason}")
    kind, why = _kind(column, profile)
    if not kind:
        return Tagged(column, dtype, (), why)
    if kind in ("target", "time", "text"):
        return Tagged(column, dtype, (kind,), why)
    if kind == "id":
        return Tagged(column, dtype, ("user", "id"), why)
    place, of = _place(column, roles, sessions)
    return Tagged(column, _no_bool(dtype), (place, kind), f"{why}; {of}")


def _kind(column: ColumnProfile, profile: Profile) -> tuple[str, str]:
    """Return the tag that says how a column is read, and why; an empty tag leaves it out."""
    count = f"{column.distinct:,} value{'' if column.distinct == 1 else 's'}"
    if column.nulls > MOST_NULLS * profile.rows:
        return "", f"{IDLE}: {column.nulls / profile.rows:.0%} of it is null"
    if column.distinct <= 1 and not column.is_list:
        return "", f"{IDLE}: it has {count}"
    if names.speaks_of(column.name, names.OUTCOME) and column.distinct == 2 and not column.is_list:
        return "target", "its name and two values: an outcome, which stays out of the inputs"
    if column.dtype is Dtype.DATETIME or (names.speaks_of(column.name, names.TIME) and unit_of(column)):
        return "time", "another time"
    if column.dtype is Dtype.STRING:
        if column.words >= FREE_WORDS or column.distinct > max(FEW, profile.rows // 2):
            return "text", f"text: {column.words:.0f} words, {count}"
        return "categorical", f"text of {count}"
    if column.dtype is Dtype.BOOL:
        return "categorical", "true or false"
    if column.is_list and column.dtype.is_float and column.length is not None:
        return "embedding", f"{column.length} floats a row"
    if names.speaks_of(column.name, names.USER) and names.is_id(column.name):
        return "id", "a user's id: sessions of new users could not be read with it"
    if column.is_whole and (names.is_id(column.name) or names.speaks_of(column.name, names.CATEGORY)):
        return "categorical", f"its name, and {count}"
    if column.dtype.is_integer and column.distinct <= FEW and (column.high or 0) < 10 * FEW:
        return "categorical", f"whole numbers of {count}"
    if column.is_list and column.dtype.is_float:
        return "", f"{IDLE}: floats in lists of varying length"
    return "continuous", f"numbers from {column.low or 0:g} to {column.high or 0:g}"


def _place(column: ColumnProfile, roles: Roles, sessions: SessionProfile | None) -> tuple[str, str]:
    """Return whether a column is of steps or of sessions, and how that shows."""
    if not roles.is_events:
        is_steps = column.is_list and column.name in roles.item.column.like
        return ("sequence", "as long as the items") if is_steps else ("context", "of the session")
    assert sessions is not None
    varies = column.name in sessions.varying
    return ("sequence", "it varies in sessions") if varies else ("context", "it never varies in a session")


def _is_number_of_keys(column: ColumnProfile, roles: Roles) -> bool:
    """Whether whole numbers came as floats, as pandas makes them of integers with nulls."""
    keys = {roles.item.column.name, roles.session.column.name if roles.session else ""}
    return column.dtype.is_float and column.is_whole and (column.name in keys or names.is_id(column.name))


def _no_bool(dtype: Dtype) -> Dtype:
    """Merlin's file format has no type for true and false: they are 0 and 1."""
    return Dtype.INT8 if dtype is Dtype.BOOL else dtype
