"""The plan of a first spec from the tags of a schema alone, for data as `sess synth` writes it."""

from __future__ import annotations

from sess.compiler.failures import Misused
from sess.compiler.schema import Column, Schema
from sess.compiler.similar import listing
from sess.compiler.starter.profile import Files
from sess.compiler.starter.roles import Said
from sess.compiler.starter.spec_text import Plan

KEEP = 20
SYNTHESIZED = Files("data/train/*.parquet", "data/valid/*.parquet")
_READ = {"categorical", "continuous", "id", "embedding"}


def plan_of(schema: Schema, name: str, path: str, said: Said) -> Plan:
    """Return the plan; Misused where the tags don't say what an item, a session or a time is."""
    item = _one(schema, said.item, ("item", "id"), "ITEM_ID", "item")
    session = time = None
    if not item.is_list:
        session = _one(schema, said.session, ("session",), "SESSION_ID", "session")
        time = _one(schema, said.time, ("time",), "TIME", "time")
    taken = {item, session, time}
    return Plan(
        name=name, schema=path, item=item.name,
        session=session.name if session else None, time=time.name if time else None, unit=None,
        steps=any(_is_input(each, "sequence") for each in schema.columns if each not in taken),
        context=any(_is_input(each, "context") for each in schema.columns if each not in taken),
        files=SYNTHESIZED, keep=KEEP, is_of_users=bool(session and session.has("user")), columns=schema.names,
    )  # fmt: skip


def _one(schema: Schema, said: str | None, tags: tuple[str, ...], shown: str, switch: str) -> Column:
    if said is not None:
        column = schema.find(said)
        if column is None:
            raise Misused(f"the schema has no column `{said}`", f"it has {listing(schema.names)}")
        return column
    found = [each for each in schema.columns if all(each.has(tag) for tag in tags)]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} columns have the tag {shown}: {listing(each.name for each in found)}"
    if not found:
        what = f"no column of the schema has the tag {shown}"
    raise Misused(what, f"say which it is, `--{switch} COLUMN`, or tag it")


def _is_input(column: Column, place: str) -> bool:
    is_read = bool(_READ & column.tags) or not column.dtype.is_integer
    return column.has(place) and is_read and not column.has("target") and not column.has("text")
