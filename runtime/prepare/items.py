"""The catalogue's columns as constants by the codes of the item: what a model knows of items that nobody clicked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sess.compiler.plans import ColumnPlan, WorkflowPlan
from sess.runtime.prepare.catalogue import Catalogue
from sess.runtime.prepare.prepared import Array
from sess.runtime.prepare.values import numbers, to_raw, vectors
from sess.runtime.prepare.vocabularies import buckets_of, comparable
from sess.runtime.steps.transform import Codes
from sess.runtime.vocabulary import Vocabulary


def values_in(domain: str, plan: WorkflowPlan, catalogue: Catalogue | None) -> Iterable[pa.ChunkedArray]:
    """Give the values of a domain that the catalogue's columns hold, those of lists one by one."""
    for column in plan.catalogue:
        is_key = column.name == plan.data.item
        if column.domain == domain and not is_key and catalogue is not None:
            values = catalogue.table.column(column.name)
            yield pa.chunked_array([pc.list_flatten(values.combine_chunks())]) if column.is_list else values


def item_columns(
    plan: WorkflowPlan, catalogue: Catalogue, vocabularies: Mapping[str, Vocabulary]
) -> tuple[dict[str, Array], int]:
    """Return (V, …) values of every column by code, and how many items have no row, so that nothing is known."""
    items = vocabularies[next(domain.name for domain in plan.domains if domain.is_item)]
    ids = pa.array(items.values)
    row = pc.index_in(ids, value_set=comparable(catalogue.ids).cast(ids.type))
    rows = np.asarray(pc.fill_null(row, -1).to_numpy(zero_copy_only=False), np.int64)  # (N,)
    has_row = rows >= 0
    codes = {
        domain.name: Codes.of(vocabularies[domain.name].reserved, buckets_of(domain), vocabularies[domain.name].values)
        for domain in plan.domains
    }
    found: dict[str, Array] = {}
    for column in plan.catalogue:
        values = _prepared(column, catalogue.table.column(column.name), codes.get(column.domain or ""))
        made = np.zeros((items.size, *values.shape[1:]), values.dtype)
        made[items.reserved :][has_row] = values[rows[has_row]]
        if column.domain is not None and not column.is_list:
            made[items.reserved :][~has_row] = 1  # null
        found[column.name] = made
    return found, int((~has_row).sum())


def _prepared(column: ColumnPlan, values: pa.ChunkedArray, codes: Codes | None) -> Array:
    """Return the values of all rows: codes (R,) or (R, L), numbers (R,), or vectors (R, D)."""
    whole = values.combine_chunks()
    if not column.is_list:
        return codes.encode(to_raw(whole)) if codes is not None else _standardized(numbers(whole))
    if codes is None:
        return vectors(values, column.width or 0).astype(np.float32)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(whole), 0).to_numpy(zero_copy_only=False), np.int64)
    flat = pc.list_flatten(whole)
    made = np.zeros((len(lengths), max(1, int(lengths.max(initial=0)))), np.int32)
    made[np.arange(made.shape[1]) < lengths[:, None]] = codes.encode(to_raw(flat))
    return made


def _standardized(values: Array) -> Array:
    """Return numbers less their mean by their deviation; a null is the mean, so that it says nothing."""
    real = values[np.isfinite(values)].astype(np.float64)
    mean, deviation = (real.mean(), real.std()) if len(real) else (0.0, 0.0)
    centered = np.where(np.isfinite(values), values - mean, 0.0)
    return np.asarray(centered / (deviation or 1.0), np.float32)
