"""Vocabularies: every id that the data or the catalogue has, the most frequent of the training split first.

Ids come from all files, so that a new item has a code and is ranked; their counts, and with them the order of the
codes, the rare ones and the greatest size come from the training split alone. NVTabular's Categorify would count what
it finds ids in, so it is given these vocabularies instead of being fitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sess.compiler.failures import RunFailed
from sess.compiler.plans import DomainPlan
from sess.runtime.vocabulary import Vocabulary

RESERVED = 3  # padding, null, unseen


def buckets_of(domain: DomainPlan) -> int:
    """Return how many codes share what isn't in the vocabulary; 0 for the one code of the unseen."""
    value = domain.categorify.params.get("n" if domain.categorify.name == "hash" else "buckets")
    return value if isinstance(value, int) else 0


def reserved_of(domain: DomainPlan) -> int:
    """Return the first code of an id."""
    return RESERVED - 1 + max(1, buckets_of(domain))


def fit_vocabulary(
    domain: DomainPlan, everywhere: Iterable[pa.ChunkedArray], counted: Sequence[pa.ChunkedArray]
) -> Vocabulary:
    """Return the vocabulary of a domain: ids from `everywhere`, counts from `counted`, ties by the id."""
    reserved = reserved_of(domain)
    if domain.categorify.name == "hash":
        if domain.is_item:
            raise RunFailed(
                f"`hash` of `{domain.name}` leaves no way back from a code to an item", "use `categorify(buckets=…)`"
            )
        return Vocabulary([] if domain.dtype == "string" else np.zeros(0, np.int64), np.zeros(0, np.int64), reserved)
    ids = pc.unique(pa.chunked_array([comparable(part) for column in everywhere for part in column.chunks]))
    ids = ids.drop_null()
    if not len(ids):
        names = ", ".join(f"`{name}`" for name in domain.columns)
        raise RunFailed(f"{names} is null in every row", "leave the column out, or mend the data")
    counts = _counts(ids, counted)
    order = pc.sort_indices(pa.table({"id": ids, "count": counts}), [("count", "descending"), ("id", "ascending")])
    ids, counts = ids.take(order), counts[order.to_numpy()]
    stays = _stays(domain, counts, reserved)
    ids, counts = ids.filter(pa.array(stays)), counts[stays]
    if not len(ids) and not buckets_of(domain):
        most = int(_counts(ids, counted).max(initial=0))
        raise RunFailed(
            f"`categorify` of `{domain.name}` leaves no value: the most frequent comes {most} times",
            "lower `min_count`",
        )
    values = ids.to_pylist() if pa.types.is_string(ids.type) else ids.to_numpy(zero_copy_only=False)
    return Vocabulary(values, counts, reserved)


def comparable(values: pa.Array) -> pa.Array:
    """Return a column's values as its vocabulary keeps them: text, 64-bit integers (times, booleans), or floats."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_floating(values.type):
        return values.cast(pa.float64())
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.int64())
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:
        raise RunFailed(
            f"{pc.max(values)} is beyond the ids of 64 bits with a sign", "write such ids as text"
        ) from None


def _counts(ids: pa.Array, counted: Sequence[pa.ChunkedArray]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found = np.zeros(len(ids), np.int64)
    for column in counted:
        for part in column.chunks:
            places = pc.index_in(comparable(part), value_set=ids).drop_null()
            found += np.bincount(places.to_numpy(zero_copy_only=False), minlength=len(ids))
    return found


def _stays(
    domain: DomainPlan, counts: np.ndarray[tuple[int], np.dtype[np.int64]], reserved: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which ids, the most frequent first, `min_count` and `max_size` leave in the vocabulary."""
    least, most = domain.categorify.params.get("min_count"), domain.categorify.params.get("max_size")
    stays = np.ones(len(counts), bool)
    if isinstance(least, int) and least > 1:
        stays &= counts >= least
    if isinstance(most, int):
        stays &= np.arange(len(counts)) < most - reserved
    return stays
