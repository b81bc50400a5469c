"""The catalogue's ids and titles: one row an item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, WorkflowPlan
from sess.runtime.prepare.files import UNREADABLE, column_names, find_files, read_columns

TITLES = ("title", "name")
ID, TITLE = "\0id", "\0title"  # no column of a schema is so called


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The ids of all items, and their titles if there are any; `repeated` rows have an id that came before.

    `table` has the columns that the model reads, a row for each of `ids`: the first that has it.
    """

    ids: pa.Array
    table: pa.Table
    titles: Mapping[object, str] | None
    repeated: int
    without_id: int


def read_catalogue(plan: WorkflowPlan, item: ColumnPlan, base: Path) -> Catalogue | None:
    """Return the catalogue; None if `data` names none."""
    data = plan.data
    if data.catalogue is None:
        return None
    tables = [_read(path, plan, item) for path in find_files(data.catalogue, base)]
    table = pa.concat_tables(tables, promote_options="default")
    rows = len(table)
    table = table.filter(pc.is_valid(table.column(ID)))
    ids = pc.unique(table.column(ID))
    titles = None
    if TITLE in table.column_names:
        # Of an id that comes twice the title that sorts first stays, whatever the files' order.
        pairs = table.filter(pc.is_valid(table.column(TITLE))).sort_by([(ID, "ascending"), (TITLE, "descending")])
        titles = dict(zip(pairs.column(ID).to_pylist(), pairs.column(TITLE).to_pylist(), strict=True))
    first = pc.index_in(ids, value_set=table.column(ID))
    return Catalogue(ids, table.take(first), titles, len(table) - len(ids), rows - len(table))


def _read(path: str, plan: WorkflowPlan, item: ColumnPlan) -> pa.Table:
    """Return the item's id, the title if the file has one, and the columns that the model reads."""
    data, names = plan.data, _columns(path)
    if names is not None and data.item not in names:
        has = ", ".join(f"`{name}`" for name in names)
        raise RunFailed(
            f"the catalogue `{path}` has no column `{data.item}`, which its items are known by",
            f"it has {has}; the id is called as in the events",
        )
    key = ColumnPlan(data.item, item.dtype, item.role, False, (), None, False, False)
    found = pa.table({ID: read_columns(path, [key]).column(key.name)})
    if plan.catalogue:  # a table without columns would have no rows, either
        columns = read_columns(path, plan.catalogue)
        found = columns.append_column(ID, found.column(ID))
    wanted = [data.catalogue_title] if data.catalogue_title else list(TITLES)
    for title in wanted:
        if names is not None and title in names:
            text = ColumnPlan(title, "string", item.role, False, (), None, False, False)
            try:
                return found.append_column(TITLE, read_columns(path, [text]).column(title))
            except RunFailed:
                if data.catalogue_title:
                    raise
    return found


def _columns(path: str) -> list[str] | None:
    """Return the names of a file's columns; None if it can't be read (reading it says more)."""
    try:
        return column_names(path)
    except UNREADABLE:
        return None
