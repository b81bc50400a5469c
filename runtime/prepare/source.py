"""The rows of one source in canonical order: in memory where they are few, else in parts of whole sessions on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sess.compiler.plans import ColumnPlan, WorkflowPlan
from sess.runtime.prepare.files import find_files, read_columns
from sess.runtime.prepare.forms import Form, form_of
from sess.runtime.prepare.history import History
from sess.runtime.prepare.spill import EMPTY, bounds_of, open_part, save_part, spill
from sess.runtime.prepare.whence import require_finite

ROWS = 1 << 17  # about how many rows are worked on at once


@dataclass(frozen=True, slots=True)
class Source:
    """What the files of one name hold; of the `parts`, sessions of lesser ids come first.

    `dropped` counts what was left out by reason, also what there is none of; `repeated` are rows that equal another.
    """

    form: Form
    files: int
    parts: tuple[pa.Table | Path, ...]
    dropped: dict[str, int]
    repeated: int

    def histories(self) -> Iterator[History]:
        """Give the sessions of one part after the other."""
        for part in self.parts:
            yield self.form.divide(part if isinstance(part, pa.Table) else open_part(part))


def open_source(plan: WorkflowPlan, patterns: Sequence[str], base: Path, scratch: Path, rows: int = ROWS) -> Source:
    """Return the source of all files that match; parts of about so many rows lie in the scratch folder.

    A session is never divided, so that a longer one makes a longer part.
    """
    form = form_of(plan)
    paths = tuple(dict.fromkeys(path for pattern in patterns for path in find_files(pattern, base)))
    bounds = None if form.key is None else bounds_of(paths, form.columns, form.key, rows)
    if bounds is None:
        return _whole(paths, form)
    dropped, count = spill(paths, form, bounds, scratch)
    form.refuse(count, dropped)
    parts, repeated = [], 0
    for path in sorted(scratch.iterdir()):
        ordered, again = form.order(_in_one_chunk(open_part(path)))
        save_part(ordered, path)
        parts.append(path)
        repeated += again
    return Source(form, len(paths), tuple(parts), dropped, repeated) if parts else _whole(paths, form)


def read_history(plan: WorkflowPlan, patterns: Sequence[str], base: Path) -> History:
    """Return the sessions of all files that match, in memory."""
    paths = tuple(dict.fromkeys(path for pattern in patterns for path in find_files(pattern, base)))
    return next(_whole(paths, form_of(plan)).histories())


def _whole(paths: Sequence[str], form: Form) -> Source:
    tables = [_read_file(path, form.columns) for path in paths]
    empty = {EMPTY: sum(not len(table) for table in tables)}
    table = _in_one_chunk(pa.concat_tables(tables))
    del tables
    cleaned, dropped = form.clean(table)
    form.refuse(len(table), dropped)
    ordered, repeated = form.order(_in_one_chunk(cleaned))
    return Source(form, len(paths), (ordered,), empty | dropped, repeated)


def _read_file(path: str, columns: Sequence[ColumnPlan]) -> pa.Table:
    table = read_columns(path, columns)
    for column in columns:
        require_finite(table.column(column.name), column, path)
    return table


def _in_one_chunk(table: pa.Table) -> pa.Table:
    """Return a table whose columns are one chunk each, so that take is fast."""
    return pa.table([column.combine_chunks() for column in table.columns], names=table.column_names)
