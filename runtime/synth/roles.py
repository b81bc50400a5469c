"""What each column of a schema is in a click stream: the key, the clock, the item, a trait of something, an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sess.compiler.failures import Misused
from sess.compiler.schema import Column, Dtype, Schema


class Layout(StrEnum):
    """What a row is."""

    EVENTS = "events"
    SESSIONS = "sessions"


class Role(StrEnum):
    """What a column tells, and of what."""

    SESSION = "session"
    USER = "user"
    TIME = "time"
    CLOCK = "clock"
    ITEM = "item"
    ITEM_TRAIT = "item trait"
    VISIT_TRAIT = "visit trait"
    USER_TRAIT = "user trait"
    OPINION = "opinion"
    BOUGHT = "bought"
    BOUGHT_ITEM = "bought item"
    SPENT = "spent"
    INTEREST = "interest"


CLOCK_NAMES = ("hour", "weekday", "day_of_week", "dayofweek")
OPINION_NAMES = ("rating", "stars", "score")


@dataclass(frozen=True, slots=True)
class Cast:
    """The columns of a schema in order, each with its role; `time` is None only where rows are sessions."""

    layout: Layout
    session: Column
    item: Column
    time: Column | None
    roles: tuple[tuple[Column, Role], ...]

    def is_step(self, column: Column) -> bool:
        """Whether a row of sessions holds a list of the column's values, one a click."""
        if column == self.time:
            return column.is_list
        has_tagged_lists = any(other.is_list and other.has("sequence") for other, _ in self.roles)
        return self.layout is Layout.SESSIONS and column.is_list and (column.has("sequence") or not has_tagged_lists)


def cast_columns(schema: Schema) -> Cast:
    """Give every column its role; Misused where the schema has no session, item or time, or two of them."""
    item = _only([column for column in schema.columns if _is_item(column)], "ITEM_ID", schema)
    layout = Layout.SESSIONS if item.is_list else Layout.EVENTS
    session = _only(
        [column for column in schema.columns if column.has("session") and column.has("id")], "SESSION_ID", schema
    )
    times = [column for column in schema.columns if column.has("time") and column.name.lower() not in CLOCK_NAMES]
    time = _only(times, "TIME", schema) if times or layout is Layout.EVENTS else None
    if session.is_list:
        raise Misused(f"`{session.name}` is a list, but a row belongs to one session")
    if layout is Layout.EVENTS and time is not None and time.is_list:
        raise Misused(f"`{time.name}` is a list, but a row is one click: `{item.name}` is no list")
    _require_key(session)
    _require_key(item)
    if time is not None:
        _require_clock(time)
    roles = tuple((column, _role(column, session, item, time)) for column in schema.columns)
    return Cast(layout, session, item, time, roles)


def _is_item(column: Column) -> bool:
    return column.has("item") and column.has("id") and not column.has("target")


def _only(found: Sequence[Column], tag: str, schema: Schema) -> Column:
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"`{column.name}`" for column in (found or schema.columns))
    if found:
        raise Misused(
            f"{len(found)} columns of {schema.source.name} are tagged {tag}: {names}", "leave the tag on one of them"
        )
    raise Misused(f"no column of {schema.source.name} is tagged {tag}", f"it has {names}: tag one of them {tag}")


def _require_key(column: Column) -> None:
    if not (column.dtype.is_integer or column.dtype.is_float or column.dtype is Dtype.STRING):
        raise Misused(f"`{column.name}` is {column.dtype} and can't hold ids", "ids are whole numbers or strings")


def _require_clock(column: Column) -> None:
    fitting = (Dtype.INT32, Dtype.INT64, Dtype.UINT32, Dtype.UINT64, Dtype.FLOAT64, Dtype.DATETIME)
    if column.dtype not in fitting:
        choices = ", ".join(fitting)
        raise Misused(f"`{column.name}` is {column.dtype} and can't hold seconds since 1970", f"use one of {choices}")


def _role(column: Column, session: Column, item: Column, time: Column | None) -> Role:
    if column is session:
        return Role.SESSION
    if column is item:
        return Role.ITEM
    if column is time:
        return Role.TIME
    if column.has("target"):
        return _target_role(column, item)
    if column.name.lower() in CLOCK_NAMES:
        return Role.CLOCK
    if column.has("user") and column.has("id"):
        return Role.USER
    if column.name.lower() in OPINION_NAMES and not column.has("categorical"):
        return Role.OPINION
    if column.has("sequence") or column.has("item"):
        return Role.ITEM_TRAIT
    return Role.USER_TRAIT if column.has("user") and not session.has("user") else Role.VISIT_TRAIT


def _target_role(column: Column, item: Column) -> Role:
    if column.has("sequence"):
        return Role.ITEM_TRAIT if column.has("categorical") else Role.OPINION
    is_binary = column.has("binary") or column.has("binary_classification") or column.dtype is Dtype.BOOL
    if is_binary:
        return Role.BOUGHT
    shares_domain = column.domain is not None and column.domain == item.domain
    if column.has("categorical") and (shares_domain or column.dtype is item.dtype):
        return Role.BOUGHT_ITEM
    if column.has("categorical") or column.dtype is Dtype.STRING:
        return Role.INTEREST
    is_amount = column.dtype.is_float or column.has("regression") or column.has("continuous")
    return Role.SPENT if is_amount else Role.BOUGHT
