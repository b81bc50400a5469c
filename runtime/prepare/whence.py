"""Where values stand in the user's files: the row and the row group, for who has to look at them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Role, WorkflowPlan
from sess.runtime.prepare.files import CSV, find_files, open_parquet, read_columns

NAMED = 3  # places that a message lists
BOUNDING = ("clip", "bucketize")  # what makes a finite number of an infinite one


def require_finite(values: pa.ChunkedArray, column: ColumnPlan, path: str, before: int = 0) -> None:
    """Raise RunFailed for an infinite number that would be learned from, with its row; `before` rows are above."""
    is_learned = column.domain is None and (column.ops or column.is_target)
    if not is_learned or column.role is Role.TIME or any(each.name in BOUNDING for each in column.ops):
        return
    whole = values.combine_chunks()
    rows = None
    while pa.types.is_large_list(whole.type):
        parents = pc.list_parent_indices(whole)
        rows, whole = parents if rows is None else rows.take(parents), pc.list_flatten(whole)
    if not pa.types.is_floating(whole.type):
        return
    place = pc.index(pc.is_inf(whole.cast(pa.float64())), True).as_py()
    if place >= 0:
        row = before + (place if rows is None else rows[place].as_py())
        raise RunFailed(
            f"`{column.name}` of `{path}` has an infinite number ({_row(path, row)})",
            f"clip it: `prepare {{ {column.name} = clip(lo, hi) }}`, or mend the data",
        )


def places_of(plan: WorkflowPlan, base: Path, keys: Iterable[object]) -> str:
    """Return where the training data has sessions with these keys; nothing where it has no keys, or can't be read."""
    session = next((column for column in plan.columns if column.name == plan.data.session), None)
    if session is None:
        return ""
    wanted = pa.array(list(keys))
    found: list[str] = []
    try:
        for path in dict.fromkeys(path for pattern in plan.data.train for path in find_files(pattern, base)):
            values = read_columns(path, [session]).column(0)
            is_asked = pc.is_in(values, value_set=wanted.cast(values.type))
            groups = dict.fromkeys(_groups(path, pc.indices_nonzero(is_asked).to_pylist()))
            numbers = [str(group) for group in groups if group is not None]
            if groups:
                word = "row group" if len(numbers) == 1 else "row groups"
                found.append(f"`{path}` ({word} {_listed(numbers)})" if numbers else f"`{path}`")
    except (RunFailed, OSError, pa.ArrowException):
        return ""  # the files changed since: nothing is known of them
    return _listed(found)


def _row(path: str, row: int) -> str:
    (group,) = _groups(path, [row])
    return f"row {row:,}" if group is None else f"row {row:,}, in row group {group}"


def _groups(path: str, rows: Iterable[int]) -> Iterator[int | None]:
    """Give the row group of each row, in rising order of rows; None in csv."""
    ends: list[int] = []
    if not path.endswith(CSV):
        with open_parquet(path) as file:
            ends = list(accumulate(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)))
    group = 0
    for row in rows:
        while ends and row >= ends[group]:
            group += 1
        yield group if ends else None


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
