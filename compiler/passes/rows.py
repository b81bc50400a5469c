"""What a row of the data is, and which columns are the key and the time of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.diagnostics import Label
from sess.compiler.missing_tags import of_that_name, untagged
from sess.compiler.passes.context import Context
from sess.compiler.passes.keys import place_of
from sess.compiler.passes.resolve import Resolved
from sess.compiler.schema import Column, Dtype, Schema
from sess.compiler.sections import DataKeys
from sess.compiler.selectors import has_tag
from sess.compiler.similar import listing
from sess.compiler.source import Span
from sess.compiler.tree import Entry, SectionName
from sess.compiler.types import Rows


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What a row is; `session` and `time` are None where no column is one."""

    rows: Rows
    session: str | None
    time: str | None


def find_rows(data: DataKeys, resolved: Resolved, ctx: Context, *, is_broken: bool) -> RowFacts:
    """Return what the rows are, by `rows` or else by the schema; `is_broken`: `rows` is wrong (reported)."""
    entries = resolved.sections[SectionName.DATA]
    rows = _agreed(_rows(data, ctx.schema), entries, ctx)
    session = _one_tagged(_chosen_column(data, "session"), "session", rows, ctx.schema)
    time = _one_tagged(_chosen_column(data, "time"), "time", rows, ctx.schema)
    if rows is Rows.EVENTS and not is_broken:  # else the tags of the schema are the best guess
        if data.train or data.rows is not None:
            _check_found(session, time, _place(entries, resolved), ctx)
        _check_key_and_time(session, time, entries, _place(entries, resolved), ctx)
    return RowFacts(rows, session, time)


def step_lists(schema: Schema) -> frozenset[str]:
    """Return the lists that are the steps where a row is a session: by tag, else those of the item id's length."""
    lists = [column for column in schema.columns if column.is_list]
    if any(column.has("sequence") for column in lists):
        return frozenset(column.name for column in lists if column.has("sequence"))
    length = next((column.length for column in lists if has_tag(column, "item_id")), None)
    return frozenset(
        column.name for column in lists if column.length == length and (column.is_nested or not column.has("embedding"))
    )


def _rows(data: DataKeys, schema: Schema) -> Rows:
    if data.rows is not None:
        return Rows(data.rows.name)
    lists = _items(schema) or [column for column in schema.columns if column.has("sequence")]
    return Rows.SESSIONS if any(column.is_list for column in lists) else Rows.EVENTS


def _items(schema: Schema) -> list[Column]:
    return [column for column in schema.columns if has_tag(column, "item_id")]


def _agreed(rows: Rows, entries: Mapping[str, Entry], ctx: Context) -> Rows:
    """Return what the rows are; what `rows` says against the schema's lists is reported, and the schema is believed."""
    entry = entries.get("rows")
    items = _items(ctx.schema)
    if entry is None:
        return rows
    if rows is Rows.SESSIONS and not step_lists(ctx.schema):
        message = "a row can't be a session: the schema has no list that could be its steps"
    elif rows is Rows.SESSIONS and items and not any(column.is_list for column in items):
        message = f"a row can't be a session: it has one value of `{items[0].name}`"
    elif rows is Rows.EVENTS and items and all(column.is_list for column in items):
        message = f"a row can't be an event: it has a list of `{items[0].name}`"
    else:
        return rows
    labels = [Label(items[0].span, "a list here" if items[0].is_list else "one value a row")] if items else []
    other = "write `rows = events(session=…, time=…)`" if rows is Rows.SESSIONS else "write `rows = sessions`"
    ctx.reporter.error(codes.ROWS_AND_SCHEMA, message, entry.value.span, labels=labels, help=other)
    return Rows.EVENTS if rows is Rows.SESSIONS else Rows.SESSIONS


def _chosen_column(data: DataKeys, argument: str) -> str | None:
    """Return the column that `rows` names for an argument; None if it names none."""
    chosen = data.rows.params.get(argument) if data.rows is not None else None
    names = chosen.get("names") if isinstance(chosen, dict) else None
    return str(names[0]) if isinstance(names, list) and names else None


def _one_tagged(chosen: str | None, tag: str, rows: Rows, schema: Schema) -> str | None:
    if chosen is not None:
        return chosen
    if tag == "time" and rows is Rows.SESSIONS:
        return None  # the steps of a list are in order already
    tagged = [column for column in schema.columns if column.has(tag) and not (tag == "time" and column.is_list)]
    # SESSION without ID may be any column of the session; the key is the one that is an id, if only one is.
    ids = [column for column in tagged if column.has("id")]
    found = ids if len(tagged) > 1 and tag == "session" else tagged
    return found[0].name if len(found) == 1 else None


def _place(entries: Mapping[str, Entry], resolved: Resolved) -> Span:
    """Return where the rows are said: by `rows`, by the files, or by nothing but the spec."""
    if "rows" in entries:
        return entries["rows"].value.span
    return entries["train"].span if "train" in entries else resolved.name.span


def _check_found(session: str | None, time: str | None, at: Span, ctx: Context) -> None:
    said: list[str] = []
    labels: list[Label] = []
    for name, tag in ((session, "session"), (time, "time")):
        if name is None:
            tagged = [column.name for column in ctx.schema.columns if column.has(tag)]
            found = f"the columns {listing(tagged)} all have" if tagged else "no column has"
            said.append(f"which column is the {tag}: {found} the tag `{tag.upper()}`")
            named = of_that_name(f"{tag}_id", ctx.schema) or of_that_name(tag, ctx.schema)
            labels += [untagged(named, tag)] if named is not None and not tagged else []
    if said:
        helps = f"write `rows = events(session=…, time=…)` with columns of {listing(ctx.schema.names)}"
        ctx.reporter.error(codes.NO_SESSION_COLUMN, "; ".join(said), at, help=helps, labels=labels)


def _check_key_and_time(
    session: str | None, time: str | None, entries: Mapping[str, Entry], at: Span, ctx: Context
) -> None:
    value = entries["rows"].value if "rows" in entries else None
    places = {name: place_of(value, name, i) if value else at for i, name in enumerate(("session", "time", "unit"))}
    if session is not None and session == time:
        message = f"`{session}` can't be both the session and the time of an event"
        ctx.reporter.error(codes.KEY_COLUMN, message, places["time"])
        return
    for name, what in ((session, "session"), (time, "time")):
        column = ctx.schema.find(name) if name is not None else None
        if column is not None and column.is_list:
            message = f"the {what} column `{column.name}` is a list, and an event has one {what}"
            ctx.reporter.error(codes.KEY_COLUMN, message, places[what], labels=[Label(column.span, "a list here")])
            continue
        if column is None or what == "session":
            continue
        labels = [Label(column.span, f"{column.dtype.value} here")]
        if column.dtype in (Dtype.STRING, Dtype.BOOL):
            message = f"the time column `{column.name}` is {column.dtype.value}; a time is a datetime or a number"
            ctx.reporter.error(codes.WRONG_VALUE, message, places["time"], labels=labels)
        elif column.dtype is Dtype.DATETIME and value is not None and places["unit"] != value.span:
            message = f"`unit` counts numbers, and the time column `{column.name}` is a datetime"
            ctx.reporter.error(codes.WRONG_VALUE, message, places["unit"], labels=labels, help="leave `unit` out")
