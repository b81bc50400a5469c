"""Columns that are computed from others, as the tables of the preparation have them beside those of the files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sess.compiler.block import JsonValue
from sess.compiler.plans import ColumnPlan, WorkflowPlan
from sess.runtime.prepare.declare import declared
from sess.runtime.prepare.values import to_raw
from sess.runtime.steps.operations import categories, computed

FIXED = {"minute": (0, 60), "hour": (0, 24), "weekday": (0, 7), "day": (1, 32), "week": (1, 54), "month": (1, 13)}


def with_derived(plan: WorkflowPlan, table: pa.Table) -> pa.Table:
    """Return a table with the derived columns whose sources it has; those that it has already are computed again."""
    for column in plan.columns:  # a derived column stands behind its sources
        if not column.sources or not set(column.sources) <= set(table.column_names):
            continue
        if column.name in table.column_names:
            table = table.drop([column.name])
        table = table.append_column(column.name, _derived(column, table))
    return table


def values_of(column: ColumnPlan, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the values that become codes: a column's own, or what time_parts or bucketize makes of them."""
    if column.is_bag:
        return pa.chunked_array([pc.list_flatten(values.combine_chunks())])
    before = [declared(operation) for operation in column.ops[:-1]]
    if column.domain is None or not before:
        return values
    return pa.chunked_array([_whole(categories(to_raw(values), before))])


def fixed_values(column: ColumnPlan) -> range:
    """Return the values that there are whatever the data holds: all parts of a time, all intervals."""
    made: Mapping[str, JsonValue] = column.ops[-2].params if len(column.ops) > 1 else {}
    boundaries, part = made.get("boundaries"), made.get("part")
    if isinstance(boundaries, list):
        return range(len(boundaries) + 1)
    return range(*FIXED.get(str(part), (0, 0)))


def _derived(column: ColumnPlan, table: pa.Table) -> pa.ChunkedArray:
    if column.maker is None:
        return table.column(column.sources[0])
    sources = [to_raw(table.column(source)) for source in column.sources]
    found = computed(declared(column.maker), sources)
    made = _whole(found) if column.dtype == "int64" else pa.array(found, from_pandas=True)
    return pa.chunked_array([made])


def _whole(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pa.Array:
    """Return floats that hold whole numbers as such, NaN as null."""
    is_null = ~np.isfinite(values)
    return pa.array(np.where(is_null, 0, values).astype(np.int64), mask=is_null)
