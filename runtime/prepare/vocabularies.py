"""Vocabularies: every id that the data or the catalogue has, the most frequent of the training split first.

Ids come from all files, so that a new item has a code and is ranked; their counts, and with them the order of the
codes, the rare ones and the greatest size come from the training split alone. NVTabular's Categorify would count what
it finds ids in, so it is given these vocabularies instead of being fitted.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sess.compiler.failures import RunFailed
from sess.compiler.plans import DomainPlan
from sess.runtime.vocabulary import Vocabulary

RESERVED = 3  # padding, null, unseen
MOST_PARTS = 8  # counts that are kept apart


def buckets_of(domain: DomainPlan) -> int:
    """Return how many codes share what isn't in the vocabulary; 0 for the one code of the unseen."""
    value = domain.categorify.params.get("n" if domain.categorify.name == "hash" else "buckets")
    return value if isinstance(value, int) else 0


def reserved_of(domain: DomainPlan) -> int:
    """Return the first code of an id."""
    return RESERVED - 1 + max(1, buckets_of(domain))


class Tally:
    """The different values of a domain `everywhere`, and how often each of those to be `counted` came."""

    def __init__(self, everywhere: Iterable[pa.ChunkedArray] = (), counted: Iterable[pa.ChunkedArray] = ()) -> None:
        self._ids: list[pa.Array] = []
        self._counts: list[pa.Table] = []
        for column in everywhere:
            self.meet(column)
        for column in counted:
            self.count(column)

    def meet(self, column: pa.ChunkedArray) -> None:
        """Take values that there are."""
        self._ids += [pc.unique(comparable(part)) for part in column.chunks]
        if len(self._ids) > MOST_PARTS:
            self._ids = [pc.unique(pa.chunked_array(self._ids))]

    def count(self, column: pa.ChunkedArray) -> None:
        """Count values."""
        for part in column.chunks:
            values, counts = pc.value_counts(comparable(part)).flatten()
            self._counts.append(pa.table({"values": values, "counts": counts}))
        if len(self._counts) > MOST_PARTS:
            groups = pa.concat_tables(self._counts).group_by("values", use_threads=False)
            summed = groups.aggregate([("counts", "sum")])
            self._counts = [pa.table({"values": summed.column("values"), "counts": summed.column("counts_sum")})]

    @property
    def ids(self) -> pa.Array:
        """All values that were met."""
        return pc.unique(pa.chunked_array(self._ids)).drop_null()

    def counts_of(self, ids: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return how often each of some values was counted."""
        found = np.zeros(len(ids), np.int64)
        for part in self._counts:
            places = pc.index_in(part.column("values"), value_set=ids)
            is_known = places.is_valid()
            found[places.filter(is_known).to_numpy()] += part.column("counts").filter(is_known).to_numpy()
        return found


def fit_vocabulary(domain: DomainPlan, tally: Tally) -> Vocabulary:
    """Return the vocabulary of a domain: ids that were met, their counts, ties by the id."""
    reserved = reserved_of(domain)
    if domain.categorify.name == "hash":
        if domain.is_item:
            raise RunFailed(
                f"`hash` of `{domain.name}` leaves no way back from a code to an item", "use `categorify(buckets=…)`"
            )
        return Vocabulary([] if domain.dtype == "string" else np.zeros(0, np.int64), np.zeros(0, np.int64), reserved)
    ids = tally.ids
    if not len(ids):
        names = ", ".join(f"`{name}`" for name in domain.columns)
        raise RunFailed(f"{names} is null in every row", "leave the column out, or mend the data")
    counts = tally.counts_of(ids)
    order = pc.sort_indices(pa.table({"id": ids, "count": counts}), [("count", "descending"), ("id", "ascending")])
    ids, counts = ids.take(order), counts[order.to_numpy()]
    stays = _stays(domain, counts, reserved)
    ids, counts = ids.filter(pa.array(stays)), counts[stays]
    if not len(ids) and not buckets_of(domain):
        most = int(tally.counts_of(tally.ids).max(initial=0))
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
