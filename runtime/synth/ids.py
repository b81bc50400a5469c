"""Ids as a real shop has them: far apart, in no order, many beyond 32 bits, never the codes 0 … n."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sess.compiler.failures import Misused
from sess.compiler.schema import Column, Dtype
from sess.runtime.synth.catalogue import Ints

# Below 2^53, so that a reader who turns a column with nulls into float64 loses nothing.
WIDE = 1 << 40
SMALLEST = 100_000_000
# The most that a dtype holds exactly.
LIMITS = {
    Dtype.INT8: 127,
    Dtype.UINT8: 255,
    Dtype.INT16: 32_767,
    Dtype.UINT16: 65_535,
    Dtype.INT32: 2_147_483_647,
    Dtype.UINT32: 4_294_967_295,
    Dtype.FLOAT16: 2_048,
    Dtype.FLOAT32: 16_777_216,
}
LETTERS = np.array(list("0123456789ABCDEFGHJKLMNPQRSTUVWX"))


def room(column: Column) -> int:
    """Return how many different ids a column can hold: the most of its dtype, or of its domain if that is less."""
    limit = LIMITS.get(column.dtype, WIDE)
    return limit if column.domain_max is None else max(0, min(limit, column.domain_max))


def draw_ids(column: Column, count: int, rng: np.random.Generator) -> pa.Array:
    """Return so many different ids in the dtype of a column; Misused if it has no room for them."""
    limit = room(column)
    if count > limit:
        kind = column.dtype if column.domain_max is None else f"{column.dtype} up to {column.domain_max}"
        raise Misused(
            f"`{column.name}` is {kind} and has no room for {count} ids", "use fewer rows or items, or a wider dtype"
        )
    numbers = _distinct(rng, limit, count)
    if column.dtype is Dtype.STRING:
        return pa.array(_spell(numbers, column.name), pa.string())
    return pa.array(numbers.astype(column.dtype.value))


def _distinct(rng: np.random.Generator, limit: int, count: int) -> Ints:
    if limit < max(4 * count, SMALLEST * 2):
        if limit <= 1 << 22:
            return rng.permutation(limit)[:count] + 1
        return _sample(rng, 1, limit + 1, count)
    narrow = count - count // 3 if limit > 1 << 33 else count
    low = _sample(rng, SMALLEST, min(limit + 1, 1 << 32), narrow)
    high = _sample(rng, 1 << 33, limit, count - narrow)
    return rng.permutation(np.concatenate([low, high]))


def _sample(rng: np.random.Generator, low: int, high: int, count: int) -> Ints:
    found = np.empty(0, np.int64)
    while len(found) < count:
        found = np.unique(np.concatenate([found, rng.integers(low, max(high, low + 1), 2 * count)]))
    return rng.permutation(found)[:count]


def _spell(numbers: Ints, column: str) -> list[str]:
    digits = (numbers[:, None] >> np.arange(40, -1, -5)) & 31  # (n, 9)
    letters = LETTERS[digits]
    return [f"{column[0].lower()}-{''.join(row)}" for row in letters]
